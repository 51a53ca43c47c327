"""Webhooks and a service of Apprise's, over a local server; see support.channel_rigs."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable

from support.http_server import HttpServer, Reply, Request
from support.rig import CONFIGURATION, PATIENCE, PERMANENT, TEMPORARY, Rig

from monitor.adapters.deliver import AppriseChannel, Receiver, WebhookChannel
from monitor.adapters.net import BoundedTransport, GuardedTransport
from monitor.core.addresses import LOOPBACK
from monitor.core.model import Target

PATH = "/in/path-that-is-secret"
LONG = 10.0  # seconds that a channel waits for an answer that comes
SECRET = "whsec_" + base64.b64encode(b"what signs the digests of tests").decode()
PASSWORD = "json-pass-word"
ANSWERS = {
    "429": TEMPORARY,
    "500": TEMPORARY,
    "503": TEMPORARY,
    "413": PERMANENT,
    "302": CONFIGURATION,
    "401": CONFIGURATION,
    "404": CONFIGURATION,
    "410": CONFIGURATION,
    "taken, then silence": TEMPORARY,
    "taken, then cut": TEMPORARY,
}
WEBHOOK_FAULTS = ANSWERS | {"400": PERMANENT, "422": PERMANENT}
APPRISE_FAULTS = ANSWERS | {"400": CONFIGURATION}


class Receiving:
    """A server that takes what is posted to PATH, unless it is told to fail once. `patience` sets how long we wait."""

    def __init__(self, server: HttpServer, patience: Callable[[float], None] = lambda seconds: None) -> None:
        self.patience = patience
        self.taken: list[Request] = []
        self._next: Reply | None = None
        self._keeps = False
        server.script(PATH, self._answer)

    def fail(self, situation: str) -> None:
        """Fail the next request, and say every secret there is."""
        self._keeps = situation.startswith("taken")
        if situation == "taken, then silence":
            self._next = Reply(200, latency=PATIENCE * 5)
            self.patience(PATIENCE * 2)
        elif situation == "taken, then cut":
            self._next = Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nbroken o")
        else:
            said = json.dumps({"error": f"not {SECRET} at {PATH} with {PASSWORD}"})
            headers = {"Retry-After": "40"} if situation == "429" else {}
            headers |= {"Location": f"{PATH}/else"} if situation == "302" else {}
            self._next = Reply(int(situation), said.encode(), headers)

    def mend(self) -> None:
        """Wait long again."""
        self.patience(LONG)

    def _answer(self, request: Request) -> Reply:
        reply, self._next = self._next, None
        if reply is None or self._keeps:
            self.taken.append(request)
        return reply or Reply(200, b"{}")


@contextlib.asynccontextmanager
async def webhook() -> AsyncIterator[Rig]:
    """The webhook channel."""
    with HttpServer() as server:
        desk = Receiving(server)
        receiver = Receiver(server.url(PATH), [SECRET])
        transport = BoundedTransport(GuardedTransport(LOOPBACK))
        channel = WebhookChannel({"desk": receiver}.get, timeout=LONG, transport=transport)
        desk.patience = lambda seconds: setattr(channel._client, "timeout", seconds)
        yield Rig(
            channel,
            Target("webhook", "desk"),
            arrived=lambda: [json.dumps(json.loads(one.body), ensure_ascii=False) for one in desk.taken],
            keys=lambda: [one.headers["idempotency-key"] for one in desk.taken],
            fail=desk.fail,
            mend=desk.mend,
            secrets=(SECRET, SECRET.removeprefix("whsec_"), PATH.rpartition("/")[2]),
        )
        await channel.aclose()


@contextlib.asynccontextmanager
async def apprise() -> AsyncIterator[Rig]:
    """Apprise's plain JSON service; others are tried in test_channels_apprise."""
    with HttpServer() as server:
        desk = Receiving(server)
        address = f"json://user:{PASSWORD}@127.0.0.1:{server.port}{PATH}?method=post"
        channel = AppriseChannel({"desk": address}.get, allowed=LOOPBACK, pace=0)
        await channel.reach("desk")  # loads Apprise, which takes its time once
        desk.patience = lambda seconds: setattr(channel, "_timeout", seconds)
        yield Rig(
            channel,
            Target("apprise", "desk"),
            arrived=lambda: [json.loads(one.body)["message"] for one in desk.taken],
            keys=lambda: [one.headers["idempotency-key"].rpartition(":")[0] for one in desk.taken],
            fail=desk.fail,
            mend=desk.mend,
            secrets=(PASSWORD, PATH.rpartition("/")[2], base64.b64encode(f"user:{PASSWORD}".encode()).decode()),
        )
        await channel.aclose()
