"""The channel `apprise:NAME`: Telegram, Teams, Discord, Matrix, ntfy and many more, through the library Apprise.

Of Apprise only its services are used, and of these only such as speak HTTP: nothing is written to the disk, and nothing
read from it but a key that an address names: no settings of its own, no plug-ins, no attachments, no templates.
"""

import asyncio
import json
import logging
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from sys import modules
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

from monitor.core.addresses import Network
from monitor.core.model import Delivery, Receipt
from monitor.errors import AddressRefusedError, DeliveryError, DeliveryFault

from .answers import retry_after
from .pieces import cut
from .secrets import scrub

if TYPE_CHECKING:
    from .requests_guard import Answer, Trip

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault

SECRET_MIN = 6  # characters: what is shorter is no secret, and hiding it would garble messages
TIMEOUT = 120.0  # seconds for one piece of a message; some services space their requests by seconds
COUNT_ROOM = 16  # characters that a count such as " (12/34)" may take
# ntfy makes a file of a message beyond 4,096 bytes, and Apprise one of a request beyond 8,000, in which every letter
# beyond ASCII takes six.
NTFY_BYTES, NTFY_ASCII = 3_900, 7_400
_WORKERS = 8
_REMEMBERED = 1_000  # deliveries whose first pieces arrived
PASSING = {408, 409, 423, 425, 429}
LASTING = {406, 413, 414, 415, 431}


class AppriseChannel:
    """Sends by Apprise's services. `service` gives the address for a target's name, or None.

    `allowed` are networks inside that may be asked. `timeout` is in seconds for one piece of a message. `pace`: the
    seconds between two requests to one service; None: as Apprise knows the service. Long texts go in pieces.
    """

    def __init__(
        self,
        service: Callable[[str], str | None],
        *,
        allowed: Sequence[Network] = (),
        timeout: float = TIMEOUT,
        pace: float | None = None,
    ) -> None:
        self._address = service
        self._allowed = tuple(allowed)
        self._timeout = timeout
        self._pace = pace
        self._made: dict[str, Any] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._arrived: dict[str, int] = {}  # pieces of a delivery that a later one of failed
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="apprise")

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The receipt says in how many pieces it went. Raises DeliveryError.

        429, 5xx, no connection or no answer in time: temporary. A message found too large: permanent. Anything else:
        configuration, because services tell a wrong room and a wrong message alike.
        """
        name = delivery.target.address
        async with self._turns[name]:
            service = await self._run(name, partial(self._service, name))
            pieces = divided(service, str(delivery.message.body["subject"]), str(delivery.message.body["text"]))
            for number in range(self._arrived.get(delivery.key, 0), len(pieces)):
                await self._piece(name, service, f"{delivery.key}:{number + 1}", pieces[number], at)
                self._remember(delivery.key, number + 1)
            self._arrived.pop(delivery.key, None)
        return Receipt(delivery.key, at, f"{service.service_name}: {len(pieces)} of {len(pieces)}")

    async def reach(self, name: str) -> str:
        """Look at the address without asking anybody, as no service can be asked in silence. Raises DeliveryError."""
        service = await self._run(name, partial(self._service, name))
        return f"an address of {service.service_name}; only a message shows whether it is taken"

    async def aclose(self) -> None:
        """Begins nothing more; what is under way ends by itself."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _service(self, name: str) -> Any:
        """The service at an address, made once. Raises DeliveryError. Loads Apprise: half a second, in a thread."""
        if name in self._made:
            return self._made[name]
        url = self._address(name)
        if not url:
            self._fail(name, f"no address is set; set MONITOR_APPRISE_{name.upper().replace('-', '_')}", CONFIGURATION)
        if re.search(r"[?&]template=", url, re.IGNORECASE):
            self._fail(name, "its address names a template, which is not used; take it out", CONFIGURATION)
        service = _instantiate(url)
        if service is None:
            self._fail(name, "Apprise can't use this address; see its list of services", CONFIGURATION)
        if not _by_http(service):
            self._fail(
                name, f"{service.service_name} goes another way than HTTP, which is not supported", CONFIGURATION
            )
        if len(service) > 1:
            hint = "give each an address of its own, so that one that fails is tried again alone"
            self._fail(name, f"the address names {len(service)} recipients; {hint}", CONFIGURATION)
        if self._pace is not None:
            service.request_rate_per_sec = self._pace
        self._made[name] = service
        return service

    async def _piece(self, name: str, service: Any, key: str, piece: tuple[str, str], at: datetime) -> None:
        from .requests_guard import Trip, travelling

        trip = Trip(key, self._allowed)

        def notify() -> bool:
            with travelling(trip):
                return bool(service.notify(title=piece[0], body=piece[1], body_format="text", overflow="split"))

        try:
            done = await self._run(name, notify)
        except DeliveryError:
            raise
        except AddressRefusedError as error:
            self._fail(name, f"not asked: {error}", CONFIGURATION)
        except Exception as error:  # services raise what they like
            if not trip.answers:
                self._fail(name, f"{service.service_name} could not be asked ({type(error).__name__})", TEMPORARY)
            done = False
        finally:
            trip.over = True
        if not done:
            self._explain(name, service, trip, at)

    async def _run(self, name: str, work: Callable[[], Any]) -> Any:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                return await loop.run_in_executor(self._workers, work)
        except TimeoutError:
            self._fail(name, "no answer in time", TEMPORARY)

    def _remember(self, key: str, pieces: int) -> None:
        if len(self._arrived) >= _REMEMBERED:
            self._arrived.pop(next(iter(self._arrived)))
        self._arrived[key] = pieces

    def _explain(self, name: str, service: Any, trip: "Trip", at: datetime) -> NoReturn:
        who = service.service_name
        if trip.refused:
            self._fail(name, f"not asked: {trip.refused}", CONFIGURATION)
        if not trip.answers:
            self._fail(name, f"{who} was not asked; check the address", CONFIGURATION)
        failed = [answer for answer in trip.answers if not 200 <= answer.status < 300]
        answer = (failed or trip.answers)[-1]
        if not answer.status:
            what = f"no answer from {who} in time" if answer.timeout else f"no connection to {who}"
            self._fail(name, what, TEMPORARY)
        said = _reason(answer.said)
        what = f"{who} answered {answer.status}" + (f": {said}" if said else "")
        if answer.status in PASSING or answer.status >= 500:
            self._fail(name, what, TEMPORARY, _wait(answer, at))
        if answer.status in LASTING:
            self._fail(name, what, PERMANENT)
        self._fail(name, f"{what}; check the address, and that it may write there", CONFIGURATION)

    def _fail(self, name: str, what: str, fault: DeliveryFault, wait: timedelta | None = None) -> NoReturn:
        url = self._address(name) or ""
        told = re.sub(r"^[^:]*://|(?<=[?&])[^=&]*=", " ", url)  # the kind of service, and names of options
        pieces = [piece for piece in re.split(r"[\s/@:?&=,]+", told) if len(piece) >= SECRET_MIN]
        secrets = (url, *pieces, *map(unquote, pieces))
        raise DeliveryError(f"apprise:{name}: {scrub(what, secrets)}", fault, wait) from None


def divided(service: Any, subject: str, text: str) -> list[tuple[str, str]]:
    """Titles and bodies within the service's limits, in order, nothing left out; pieces are counted in the title.

    A service without titles, or with ones too short for this one, has the subject as the text's first line.
    """
    titled = service.title_maxlen >= len(subject) + COUNT_ROOM
    shared = len(subject) if titled and service.overflow_amalgamate_title else 0
    room = max(service.body_maxlen - shared - 2 * COUNT_ROOM, 1)
    weigh = _weight(service)
    lines = service.body_max_line_count - 1

    def fits(piece: str) -> bool:
        return bool(weigh(piece) <= room and (lines < 0 or piece.count("\n") < max(lines, 1)))

    bodies = cut(text if titled else f"{subject}\n\n{text}", fits)
    if len(bodies) == 1:
        return [(subject if titled else "", bodies[0])]
    counts = [f"({number}/{len(bodies)})" for number in range(1, len(bodies) + 1)]
    if titled:
        return [(f"{subject} {count}", body) for count, body in zip(counts, bodies, strict=True)]
    return [("", f"{count} {body}") for count, body in zip(counts, bodies, strict=True)]


def _weight(service: Any) -> Callable[[str], int]:
    """What a text weighs once it is written in the service's format."""
    from apprise.conversion import convert_between

    if type(service).__name__ == "NotifyNtfy":
        full = max(service.body_maxlen - 2 * COUNT_ROOM, 1)
        return lambda text: int(full * max(len(text.encode()) / NTFY_BYTES, len(json.dumps(text)) / NTFY_ASCII))
    form = service.resolve_format("text")
    return lambda text: len(convert_between("text", form, text))  # type: ignore[no-untyped-call]


def _instantiate(url: str) -> Any:
    # Apprise logs addresses and whole messages; what matters of an attempt is noted by our adapter of requests.
    for noisy in ("apprise", "requests", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of modules that Python will give up, which concern Apprise alone
        import apprise

        from . import requests_guard as requests_guard

        return _made(apprise, url)


def _made(apprise: Any, url: str) -> Any:
    asset = apprise.AppriseAsset(
        app_id="news-monitor",
        app_desc="News monitor",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        plugin_paths=[],
        storage_mode="memory",
        async_mode=False,
        http_redirects=False,
        payload_max_size=0,
        allow_templates=False,
        interpret_emojis=False,
        interpret_escapes=False,
    )
    return apprise.Apprise.instantiate(url, asset=asset)


def _by_http(service: Any) -> bool:
    """Whether all that the service sends goes through `requests`, as far as its modules tell."""
    used: set[str] = set()
    for kind in type(service).__mro__:
        if kind.__module__.startswith("apprise.plugins") and not kind.__module__.endswith("plugins.base"):
            used |= set(vars(modules[kind.__module__]))
    return "requests" in used and used.isdisjoint({"smtplib", "socket", "subprocess", "paho", "mqtt", "slixmpp"})


def _reason(said: bytes) -> str:
    """What a service says for people: the usual fields of its JSON, else nothing, as pages and traces help nobody."""
    try:
        found = json.loads(said)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    texts = (found.get(name) for name in ("description", "error", "message", "errmsg"))
    return next((" ".join(text.split())[:150] for text in texts if isinstance(text, str)), "")


def _wait(answer: "Answer", at: datetime) -> timedelta | None:
    """By the header, else as Discord (`retry_after`) and Telegram (`parameters`) say it."""
    if answer.retry_after:
        return retry_after(answer.retry_after, at)
    try:
        found = json.loads(answer.said)
        seconds = found.get("retry_after", found.get("parameters", {}).get("retry_after"))
        return timedelta(seconds=float(seconds)) if seconds is not None else None
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None
