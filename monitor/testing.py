"""Stand-ins for the outside, for tests of ours and of others: in memory, scriptable, and themselves tested."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.ports import Matcher, Parser
from monitor.core.identity import body_hash
from monitor.core.model import Delivery, Failure, FailureKind, FeedSpec, FeedState, Fetched, Parsed, Receipt
from monitor.errors import DeliveryError


class MemoryChannel:
    """A channel that keeps what it is sent.

    `script` says how the next sends go, one entry each: None is success, an error is raised. After its end all
    sends succeed. `accept_then_fail` keeps the message and raises nevertheless, like a connection lost too late.
    """

    def __init__(self, script: Sequence[DeliveryError | None] = (), *, accept_then_fail: bool = False) -> None:
        self.script = deque(script)
        self.accept_then_fail = accept_then_fail
        self.sent: list[Delivery] = []
        self.attempts: list[tuple[str, datetime]] = []  # (key, when), failed ones included
        self.closed = False

    @property
    def keys(self) -> list[str]:
        """The keys of what arrived, in order; a key twice means that it arrived twice."""
        return [delivery.key for delivery in self.sent]

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """Keeps the delivery, or raises what the script says."""
        self.attempts.append((delivery.key, at))
        error = self.script.popleft() if self.script else None
        if error is None or self.accept_then_fail:
            self.sent.append(delivery)
        if error is not None:
            raise error
        return Receipt(delivery.key, at, f"memory {len(self.sent)}")

    async def aclose(self) -> None:
        """Remembers that it was closed."""
        self.closed = True


@dataclass(frozen=True, slots=True)
class Page:
    """What a pretended server has at one address; with an ETag it answers “not modified” to those who know it."""

    body: bytes = b""
    content_type: str = "application/rss+xml"
    etag: str | None = None
    last_modified: str | None = None
    max_age: timedelta | None = None
    url: str = ""  # where it is after redirects; "": where it was asked for


class FakeFetcher:
    """A fetcher without a network, held to the same contract as the real one.

    `put` says what an address answers: pages and failures, one a fetch, the last for ever. What was never put fails
    as 404.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, FeedState, datetime]] = []  # (address, what was known, when)
        self.closed = False
        self._answers: dict[str, deque[Page | Failure]] = defaultdict(deque)

    def put(self, url: str, *answers: Page | Failure) -> None:
        """Set what this address answers from now on."""
        self._answers[url] = deque(answers)

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """The next answer, conditional on `state` like a server's."""
        self.asked.append((feed.url, state, at))
        answers = self._answers[feed.url] or [Failure(FailureKind.HTTP, "the server answered 404 Not Found", 404)]
        answer = answers.popleft() if isinstance(answers, deque) and len(answers) > 1 else answers[0]
        if isinstance(answer, Page) and not answer.body.strip():
            answer = Failure(FailureKind.EMPTY, "the server answered with an empty document", 200)
        if isinstance(answer, Failure):
            return Fetched(feed.id, at, status=answer.status, failure=answer)
        known = _is_known(answer, state)
        same_body = state.body_hash == body_hash(answer.body)
        return Fetched(
            feed.id,
            at,
            url=answer.url or feed.url,
            status=304 if known else 200,
            body=b"" if known or same_body else answer.body,
            body_hash=state.body_hash if known else body_hash(answer.body),
            content_type=answer.content_type,
            etag=answer.etag,
            last_modified=answer.last_modified,
            not_modified=known or same_body,
            max_age=answer.max_age,
        )

    async def aclose(self) -> None:
        """Remembers that it was closed."""
        self.closed = True


class PlainReader:
    """The port `Reader` without worker processes: the parser runs where it is asked, and holds up the rest."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    async def read(self, fetched: Fetched, feed: FeedSpec, matcher: Matcher | None = None) -> Parsed:
        """What the parser gives and raises; leaves the matching to others."""
        return self._parser.parse(fetched, feed)


def _is_known(page: Page, state: FeedState) -> bool:
    if page.etag is not None and state.etag is not None:
        return page.etag == state.etag
    return page.last_modified is not None and page.last_modified == state.last_modified
