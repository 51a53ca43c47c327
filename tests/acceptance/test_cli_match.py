"""`monitor match` and `monitor parse`: JSON lines in and out, faults named with their line, constant memory."""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import COMMAND, complaint, environment, monitor, rows, said

RULES = """
terms:
  icebreaker: {label: icebreaker, entity: ship, en: [icebreaker], ru: [ледокол], zh: [破冰船]}
rules:
  - {id: ice, title: Ice, severity: high, match: $icebreaker}
"""
LINES = 200_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("match")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return folder


def lines(*items: object) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


def test_a_hit_carries_rule_severity_score_and_evidence_that_points_into_the_text(home: Path) -> None:
    title = "В порт пришли два ледокола"
    done = monitor("match", cwd=home, stdin=lines({"id": "a1", "title": title}, {"id": 2, "title": "Тихо"}))
    said(done)
    (found,) = rows(done.stdout)
    assert set(found) == {"id", "hits"}
    assert found["id"] == "a1"
    (hit,) = found["hits"]
    assert set(hit) == {"rule", "severity", "score", "evidence"}
    assert (hit["rule"], hit["severity"]) == ("ice", "high")
    assert hit["evidence"] == [
        {"term": "icebreaker", "entity": "ship", "text": "ледокола", "field": "title", "start": 18, "end": 26}
    ]
    assert title[18:26] == "ледокола"


def test_all_writes_a_line_for_every_item_in_order_with_its_id_as_it_came(home: Path) -> None:
    items = [{"id": 7, "title": "x"}, {"id": "7", "title": "破冰船"}, {"id": "я", "title": "icebreakers"}]
    done = monitor("match", "--all", cwd=home, stdin=lines(*items))
    said(done)
    assert [(row["id"], len(row["hits"])) for row in rows(done.stdout)] == [(7, 0), ("7", 1), ("я", 1)]


def test_every_field_is_looked_at_and_unknown_ones_do_not_matter(home: Path) -> None:
    text = {"title": "Порт", "summary": "Новый ледокол", "content": "Ледоколы ждут", "language": "ru"}
    link = "https://x.example/1"
    item = {"id": 1, **text, "link": link, "published": "2026-11-22T08:00:00Z", "feed": "primer", "rating": 5}
    done = monitor(
        "match", cwd=home, stdin=lines(item, {"id": 2, "title": "ледокол", "summary": None, "language": None})
    )
    said(done)
    first, second = rows(done.stdout)
    assert [found["field"] for found in first["hits"][0]["evidence"]] == ["summary", "content"]
    assert second["id"] == 2


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"not json", "not JSON: Expecting value (column 1)"),
        (b'{"id": 1, "title": "cut', "not JSON: Unterminated string"),
        (b'["id", 1]', "not a JSON object"),
        (b'{"title": "no id"}', '"id" is missing'),
        (b'{"id": 1}', '"title" is missing'),
        (b'{"id": 1, "title": null}', '"title" is missing'),
        (b'{"id": [1], "title": "x"}', '"id" must be text or a number'),
        (b'{"id": 1, "title": 5}', '"title" must be text'),
        (b'{"id": 1, "title": "x", "summary": {}}', '"summary" must be text'),
        (b'{"id": 1, "title": "x", "published": "soon"}', '"published" is no ISO 8601 date'),
        (b'{"id": 1, "title": "\xef\xf0\xe8\xe2\xe5\xf2"}', "not UTF-8"),
        (b'{"id": 1, "title": "\\ud83d"}', '"title" holds half a character'),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": 1, "title": "' + b"x" * (16 * 2**20) + b'"}', "longer than 16 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_line_is_named_and_the_others_are_still_done(home: Path, line: bytes, what: str) -> None:
    good = lines({"id": "good", "title": "ледокол"})
    done = monitor("match", cwd=home, stdin=good + b"\n" + line + b"\n" + good)
    text = complaint(done)
    assert f"line 3: {what}" in text
    assert "1 line could not be read" in text
    assert [row["id"] for row in rows(done.stdout)] == ["good", "good"]


def test_the_last_line_needs_no_line_feed(home: Path) -> None:
    done = monitor("match", cwd=home, stdin=lines({"id": 1, "title": "ледокол"}).rstrip())
    said(done)
    assert len(rows(done.stdout)) == 1


def test_an_answer_comes_as_soon_as_its_line_was_read(home: Path) -> None:
    with started(home) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(lines({"id": 1, "title": "ледокол"}))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1, "while standard input is still open"
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_long_stream_takes_no_more_memory_than_a_short_one(home: Path) -> None:
    """A quarter of a million lines, in which every tenth hits, through a pipe."""
    with started(home) as process:
        assert process.stdin
        assert process.stdout
        feeder = threading.Thread(target=feed, args=(process.stdin,))
        feeder.start()
        sizes = [resident(process.pid) for number, _ in enumerate(process.stdout) if number % 2000 == 1999]
        feeder.join(60)
        assert process.wait(20) == 0
    assert len(sizes) == LINES // 10 // 2000
    assert max(sizes) - sizes[0] < 8 * 2**20, "bytes gained after the first tenth"


def started(home: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, "match"], cwd=home, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def feed(stream) -> None:  # type: ignore[no-untyped-def]
    block = b"".join(
        lines({"id": number, "title": "ледокол" if number % 10 == 0 else f"Новости порта {number}"})
        for number in range(1000)
    )
    for _ in range(LINES // 1000):
        stream.write(block)
    stream.close()


def resident(pid: int) -> int:
    """Memory in use, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


# --- parse ------------------------------------------------------------------------------------------------

RSS = """<?xml version="1.0" encoding="windows-1251"?>
<rss version="2.0"><channel><title>Пример</title>
<item><title>Ледокол вышел в море</title><link>/news/1</link><pubDate>Sun, 22 Nov 2026 08:00:00 +0300</pubDate></item>
<item><title>Порт закрыт</title><link>/news/2</link></item>
</channel></rss>""".encode("windows-1251")


@pytest.fixture
def document(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "primer.xml"
    file.write_bytes(RSS)
    return file


def test_parse_shows_the_items_that_would_be_stored(document: Path) -> None:
    done = monitor("parse", document, "--url", "https://primer.example/rss", cwd=document.parent)
    said(done)
    first, second = rows(done.stdout)
    assert (first["title"], first["link"]) == ("Ледокол вышел в море", "https://primer.example/news/1")
    assert first["published"] == "2026-11-22T05:00:00+00:00"
    assert first["feed"] == "primer"
    assert second["published"] is None
    assert first["id"] != second["id"]


def test_parse_reads_standard_input_and_obeys_the_content_type(document: Path) -> None:
    raw = RSS.replace(b' encoding="windows-1251"', b"")
    content_type = "text/xml; charset=windows-1251"
    done = monitor("parse", "-", "--content-type", content_type, cwd=document.parent, stdin=raw)
    said(done)
    assert rows(done.stdout)[0]["title"] == "Ледокол вышел в море"


def test_parse_says_what_a_document_is_that_is_no_feed(document: Path) -> None:
    document.write_bytes(b"<!doctype html><html><body><h1>Just a page</h1></body></html>")
    assert "HTML page" in complaint(monitor("parse", document, cwd=document.parent))


def test_parse_tells_what_is_odd_in_a_last_line(document: Path) -> None:
    document.write_bytes(RSS.replace(b"</rss>", b"").replace(b"</channel>", b""))
    done = monitor("parse", document, cwd=document.parent)
    assert len(rows(done.stdout)) == 2
    assert len(done.stderr.decode().splitlines()) == 1


def test_what_parse_writes_match_reads(home: Path, document: Path) -> None:
    parsed = monitor("parse", document, cwd=document.parent)
    said(parsed)
    matched = monitor("match", cwd=home, stdin=parsed.stdout)
    said(matched)
    (found,) = rows(matched.stdout)
    assert found["id"] == rows(parsed.stdout)[0]["id"]
