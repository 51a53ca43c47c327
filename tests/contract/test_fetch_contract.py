"""What every fetcher promises, held against the real one on loopback and against the fake."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from support import fetching
from support.http_server import HttpServer, Reply, document, redirect

from monitor.app.ports import Fetcher
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched
from monitor.testing import FakeFetcher, Page

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BODY = "<rss version='2.0'><channel><title>Вести</title></channel></rss>".encode()


class Stage(Protocol):
    """A fetcher with a way to say what the other side answers."""

    fetcher: Fetcher

    def put(self, path: str, *answers: Page | Failure) -> str:
        """Set the answers at a path; gives the address."""
        ...


class FakeStage:
    def __init__(self) -> None:
        self.fetcher = FakeFetcher()

    def put(self, path: str, *answers: Page | Failure) -> str:
        url = f"http://feeds.example{path}"
        self.fetcher.put(url, *(replace(a, url=f"http://feeds.example{a.url}") if _moved(a) else a for a in answers))
        return url


class RealStage:
    def __init__(self, server: HttpServer) -> None:
        self.server = server
        self.fetcher = fetching.fetcher(timeout=timedelta(seconds=5))

    def put(self, path: str, *answers: Page | Failure) -> str:
        for answer in answers:
            if _moved(answer):
                self.put(answer.url, replace(answer, url=""))
        return self.server.script(path, *(self._reply(answer) for answer in answers))

    @staticmethod
    def _reply(answer: Page | Failure):  # type: ignore[no-untyped-def]
        if isinstance(answer, Failure):
            wait = answer.retry_after
            return Reply(answer.status or 500, headers={"Retry-After": str(wait.seconds)} if wait else {})
        if _moved(answer):
            return redirect(answer.url)
        age = {"Cache-Control": f"max-age={answer.max_age.seconds}"} if answer.max_age else {}
        return document(
            answer.body,
            content_type=answer.content_type,
            etag=answer.etag,
            last_modified=answer.last_modified,
            headers=age,
        )


def _moved(answer: Page | Failure) -> bool:
    return isinstance(answer, Page) and bool(answer.url)


@pytest.fixture(params=["fake", "http"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    with HttpServer() as server:
        real = RealStage(server)
        yield real
        await real.fetcher.aclose()


async def ask(stage: Stage, url: str, state: FeedState | None = None) -> Fetched:
    fetched = await stage.fetcher.fetch(FeedSpec("wire", url), state or FeedState("wire"), AT)
    assert [fetched.failure is not None, fetched.not_modified, bool(fetched.body)].count(True) == 1
    assert (fetched.feed, fetched.at) == ("wire", AT)
    return fetched


def remembered(fetched: Fetched) -> FeedState:
    return FeedState(
        "wire", etag=fetched.etag, last_modified=fetched.last_modified, body_hash=fetched.body_hash, last_poll_at=AT
    )


async def test_a_document_comes_with_what_its_server_says_of_it(stage: Stage) -> None:
    page = Page(BODY, "text/xml; charset=utf-8", '"v1"', "Sat, 21 Nov 2026 10:00:00 GMT", timedelta(minutes=15))
    url = stage.put("/feed", page)

    fetched = await ask(stage, url)

    assert (fetched.body, fetched.status, fetched.url) == (BODY, 200, url)
    assert fetched.content_type == "text/xml; charset=utf-8"
    assert (fetched.etag, fetched.last_modified) == ('"v1"', "Sat, 21 Nov 2026 10:00:00 GMT")
    assert fetched.max_age == timedelta(minutes=15)
    assert fetched.body_hash


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(Page(BODY, etag='W/"weak-1"'), id="weak ETag, verbatim"),
        pytest.param(Page(BODY, etag='"v1"', last_modified="Sat, 21 Nov 2026 10:00:00 GMT"), id="both"),
        pytest.param(Page(BODY, last_modified="Sat, 21 Nov 2026 10:00:00 GMT"), id="only a date"),
        pytest.param(Page(BODY), id="neither, but the same bytes"),
    ],
)
async def test_an_unchanged_document_is_not_given_again(stage: Stage, page: Page) -> None:
    url = stage.put("/feed", page)
    first = await ask(stage, url)

    second = await ask(stage, url, remembered(first))
    third = await ask(stage, url, remembered(second))

    assert second.not_modified
    assert third.not_modified
    assert remembered(third) == remembered(first)


async def test_a_changed_document_is_given_although_an_older_one_is_known(stage: Stage) -> None:
    url = stage.put("/feed", Page(BODY, etag='"v1"'), Page(BODY + b"\n<!-- more -->", etag='"v2"'))
    first = await ask(stage, url)

    second = await ask(stage, url, remembered(first))

    assert second.body == BODY + b"\n<!-- more -->"
    assert second.etag == '"v2"'
    assert second.body_hash != first.body_hash


async def test_the_address_that_answered_is_told(stage: Stage) -> None:
    url = stage.put("/old", Page(BODY, url="/new"))

    fetched = await ask(stage, url)

    assert fetched.url == url.replace("/old", "/new")


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        pytest.param(Failure(FailureKind.HTTP, "…404", 404), FailureKind.HTTP, id="not there"),
        pytest.param(Failure(FailureKind.HTTP, "…500", 500), FailureKind.HTTP, id="their fault"),
        pytest.param(Failure(FailureKind.GONE, "…410", 410), FailureKind.GONE, id="gone for good"),
        pytest.param(
            Failure(FailureKind.THROTTLED, "…429", 429, timedelta(seconds=90)), FailureKind.THROTTLED, id="too often"
        ),
    ],
)
async def test_a_refusal_is_a_value_with_status_and_wait(stage: Stage, failure: Failure, kind: FailureKind) -> None:
    url = stage.put("/feed", failure)

    fetched = await ask(stage, url)

    assert fetched.failure is not None
    assert (fetched.failure.kind, fetched.failure.status, fetched.status) == (kind, failure.status, failure.status)
    assert fetched.failure.retry_after == failure.retry_after


async def test_an_empty_document_is_a_failure(stage: Stage) -> None:
    fetched = await ask(stage, stage.put("/feed", Page(b"  \n")))

    assert fetched.failure is not None
    assert fetched.failure.kind is FailureKind.EMPTY


async def test_a_server_that_recovers_is_heard_again(stage: Stage) -> None:
    url = stage.put("/feed", Failure(FailureKind.HTTP, "…503", 503), Page(BODY))

    assert (await ask(stage, url)).failure is not None
    assert (await ask(stage, url)).body == BODY


async def test_the_fake_tells_what_it_was_asked() -> None:
    fake = FakeFetcher()
    state = FeedState("wire", etag='"v1"')

    fetched = await fake.fetch(FeedSpec("wire", "http://feeds.example/none"), state, AT)
    await fake.aclose()

    assert fake.asked == [("http://feeds.example/none", state, AT)]
    assert fetched.status == 404
    assert fake.closed
