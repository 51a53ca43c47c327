"""Serves the sample feeds over real HTTP on loopback: legacy encodings, an edit, a 304, a page that is no feed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread

from jinja2 import Environment, StrictUndefined

from monitor.core.model import FeedSpec, Ownership


@dataclass(frozen=True, slots=True)
class Sample:
    """One bundled feed: the file, how it is served, and how `feeds.yaml` would describe it."""

    file: str
    name: str
    language: str
    country: str
    ownership: Ownership
    encoding: str = "utf-8"
    content_type: str = "application/xml"

    def spec(self, base_url: str) -> FeedSpec:
        """The feed as the daemon sees it."""
        return FeedSpec(
            id=self.file.rpartition(".")[0],
            url=f"{base_url}/{self.file}",
            name=self.name,
            language=self.language,
            country=self.country,
            kind="sample",
            ownership=self.ownership,
        )


SAMPLES = (
    Sample("primer-ru.xml", "Пример-Ъ", "ru", "RU", Ownership.INDEPENDENT, "windows-1251"),
    Sample("obrazets-vostok.xml", "Образец-Восток", "ru", "RU", Ownership.PRIVATE),
    Sample("lenta-obrazets.xml", "Лента-Образец", "ru", "RU", Ownership.STATE),
    Sample("yangli-news.xml", "样例新闻网", "zh", "CN", Ownership.STATE, "gb18030", "text/xml"),
    Sample("yangli-caijing.atom", "样例财经", "zh", "CN", Ownership.PRIVATE),
    Sample("sample-times.xml", "The Sample Times", "en", "GB", Ownership.PRIVATE),
    Sample("sample-coast.json", "Sample Coast Daily", "en", "KR", Ownership.PRIVATE, content_type="application/json"),
    Sample("sample-archive.xml", "Sample Archive", "en", "US", Ownership.INDEPENDENT),
    Sample("obrazets-slomano.html", "Образец (сломан)", "ru", "RU", Ownership.PRIVATE, content_type="text/html"),
)


class SampleServer(ThreadingHTTPServer):
    """The newsroom of the demo. `later` True publishes the second edition of the samples."""

    daemon_threads = True

    def __init__(self, now: datetime) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.now = now
        self.later = False

    @property
    def url(self) -> str:
        """Where the feeds are."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def document(self, sample: Sample) -> bytes:
        """A sample with its dates set relative to the demo's present, in its own encoding."""
        source = (files("monitor.demo") / "samples" / sample.file).read_text(encoding="utf-8")
        template = Environment(autoescape=True, undefined=StrictUndefined).from_string(source)
        text = template.render(later=self.later, rfc822=self._rfc822, iso=self._iso)
        return text.encode(sample.encoding, errors="xmlcharrefreplace")

    def _rfc822(self, minutes_ago: int) -> str:
        return format_datetime(self.now - timedelta(minutes=minutes_ago))

    def _iso(self, minutes_ago: int) -> str:
        return (self.now - timedelta(minutes=minutes_ago)).isoformat(timespec="seconds")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SampleServer

    def do_GET(self) -> None:
        sample = next((s for s in SAMPLES if f"/{s.file}" == self.path), None)
        if sample is None:
            self.send_error(404)
            return
        body = self.server.document(sample)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.send_header("ETag", etag)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", sample.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Keep quiet: the demo prints its own account."""


@contextmanager
def serve_samples(now: datetime) -> Iterator[SampleServer]:
    """Run the sample server on a free loopback port for as long as the block lasts."""
    server = SampleServer(now)
    thread = Thread(target=server.serve_forever, name="sample-feeds", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
