"""`monitor match` and `monitor parse`: the rule engine and the feed parser on what comes in by a pipe."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Session, command
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.core.model import Hit, Item

LONGEST_LINE = 16 * 2**20  # bytes; a longer one is refused without being held in memory


def register(app: typer.Typer) -> None:
    """Add both commands."""
    panel = "What is read and looked for"
    command(
        app,
        "match",
        """echo '{"id": 1, "title": "Сила Сибири-2: подписан контракт"}' | monitor match""",
        "monitor match --all --rules new-rules.yaml < items.jsonl > hits.jsonl",
        paths=("rules",),
        panel=panel,
    )(match)
    command(
        app,
        "parse",
        "monitor parse saved.xml",
        "curl -s https://example.org/rss | monitor parse - --url https://example.org/rss",
        paths=(),
        panel=panel,
    )(parse)


def match(
    session: Session,
    everything: Annotated[bool, typer.Option("--all", help="Write a line for every item, also without hits.")] = False,
) -> None:
    """Match items from standard input against the rules.

    One JSON object a line. In: id and title, if known also summary, content, language, link, published, feed.
    Out: id and hits, each with its rule, severity, score and evidence. A malformed line is named on standard
    error, the others are still done; the exit status is then 1.
    """
    from monitor.wiring import compiled

    matcher = compiled(session.settings)
    faulty = 0
    for number, line in _lines(sys.stdin.buffer):
        try:
            name, item = _item(line)
        except ValueError as error:
            faulty += 1
            output.note(f"line {number}: {error}")
            continue
        hits = matcher.match(item)
        if hits or everything:
            sys.stdout.write(json.dumps({"id": name, "hits": [_hit(hit) for hit in hits]}, ensure_ascii=False) + "\n")
            sys.stdout.flush()
    if faulty:
        output.note(f"monitor: {output.counted(faulty, 'line')} could not be read")
        raise typer.Exit(1)


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers, blank ones left out; None stands for one that is too long."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif not line.isspace():
            yield number, line


def _item(line: bytes | None) -> tuple[object, "Item"]:
    """(id, item) of one line. Raises ValueError that says what is wrong with it."""
    from monitor.core.itemjson import item_from_dict

    if line is None:
        raise ValueError(f"longer than {LONGEST_LINE // 2**20} MiB")
    try:
        data = json.loads(line.rstrip(b"\r\n"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    item = item_from_dict(data)
    return data["id"], item


def _hit(hit: "Hit") -> dict[str, object]:
    return {
        "rule": hit.rule,
        "severity": hit.severity,
        "score": hit.score,
        "evidence": [
            {name: getattr(found, name) for name in ("term", "entity", "text", "field", "start", "end")}
            for found in hit.evidence
        ],
    }


def parse(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A saved feed; - reads standard input.")],
    url: Annotated[str, typer.Option("--url", help="Where it came from; relative links count from there.")] = "",
    content_type: Annotated[
        str, typer.Option("--content-type", help="The server's header, such as 'text/xml; charset=windows-1251'.")
    ] = "",
) -> None:
    """Show the items that would be stored of a feed's document.

    One JSON object a line. What was odd about the document comes last, on standard error. The exit status is 1
    when it is no feed.
    """
    from monitor.core.itemjson import item_to_dict
    from monitor.core.novelty import decide
    from monitor.wiring import parse_document

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise MonitorError(f"{file}: {error.strerror}") from error
    name = "-" if file == "-" else Path(file).stem
    parsed = parse_document(body, feed=name, url=url, content_type=content_type)
    for decision in decide(parsed.items, {}):
        output.line(item_to_dict(decision.item))
    if parsed.notes:
        output.note(f"{file}: {'; '.join(parsed.notes)}")
