"""`monitor feeds`: the sources, how they do, and lists from and for other readers."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import health, output, planning, trying
from monitor.cli.filters import Language
from monitor.cli.session import Json, Session, command, group
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.core.model import FeedSpec
    from monitor.wiring import Looked

app = group("What is read: the feeds, how they do, lists from and for other readers.")

Kind = Annotated[str | None, typer.Option("--kind", help="Only this kind, as feeds.yaml names it.")]


def list_feeds(
    session: Session,
    language: Language = None,
    kind: Kind = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only with this tag.")] = None,
    disabled: Annotated[
        bool, typer.Option("--disabled", help="Only those that are not polled, with the reason.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the feeds of feeds.yaml."""
    from monitor.wiring import watched_feeds

    chosen = [
        feed
        for feed in watched_feeds(session.settings)
        if (language is None or (feed.language or "").split("-")[0] == language or feed.language == language)
        and (kind is None or feed.kind == kind)
        and (tag is None or tag in feed.tags)
        and not (disabled and feed.enabled)
    ]
    if as_json:
        output.lines(described(feed) for feed in chosen)
        return
    output.table(
        ("id", "name", "language", "country", "kind", "ownership", "address", "polled"),
        ((f.id, f.name, f.language, f.country, f.kind, f.ownership, _address(f), _polled(f)) for f in chosen),
        empty="no feed is like that",
    )


def _address(feed: "FeedSpec") -> str:
    """Where it is read, in words for what is no address: how a page is read, what is searched for."""
    if feed.query and not feed.url:
        return f"searches for rule {feed.query.rule}, which is not known"
    return feed.url if feed.source == "feed" else f"{feed.source}: {feed.url}"


def _polled(feed: "FeedSpec") -> str:
    if not feed.enabled:
        return f"no: {feed.reason}"
    return f"yes: {feed.reason}" if feed.query and feed.reason else "yes"


def described(feed: "FeedSpec") -> dict[str, object]:
    """A feed of the file as JSON."""
    names = ("id", "url", "name", "language", "country", "kind", "ownership", "tags", "enabled", "reason", "timezone",
             "source", "fulltext", "made_from")  # fmt: skip
    return {**{name: getattr(feed, name) for name in names}, "every": feed.every and feed.every.total_seconds()}


def check(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL|ID", help="An address, or the id of a feed in feeds.yaml.")],
    as_json: Json = False,
) -> None:
    """Fetch and parse one feed now, store nothing.

    Shows what the server says, what is odd about the document, and the newest items.
    """
    import asyncio

    from monitor.wiring import look_at

    looked = asyncio.run(look_at(session.settings, _spec(session, url)))
    fetched, parsed = looked.fetched, looked.parsed
    if as_json:
        output.line(
            {
                "url": fetched.url,
                "status": fetched.status,
                "content_type": fetched.content_type,
                "bytes": len(fetched.body),
                "seconds": round(fetched.elapsed.total_seconds(), 3),
                "failure": looked.failure and {"kind": looked.failure.kind, "message": looked.failure.message},
                "title": parsed.title,
                "language": parsed.language,
                "items": len(parsed.items),
                "notes": parsed.notes,
            }
        )
    else:
        for line in _seen(looked):
            output.say(line)
    if looked.failure:
        raise MonitorError(f"{url}: {looked.failure.kind}: {looked.failure.message}")


def _seen(looked: "Looked") -> Iterator[str]:
    """What a person is told of a feed that was looked at; of a server that gave no answer, nothing."""
    fetched, parsed = looked.fetched, looked.parsed
    if fetched.status:
        facts = f"{fetched.status}, {len(fetched.body):,} bytes, {fetched.elapsed.total_seconds():.1f} s"
        yield f"{fetched.url}: {facts}{', ' + fetched.content_type if fetched.content_type else ''}"
    if fetched.moved_to:
        yield f"moved for good (a permanent redirect): write `url: {fetched.moved_to}`"
    if looked.failure:
        return
    if fetched.not_modified:
        yield f"{fetched.url}: the folder holds no file to read"
        return
    items = output.counted(len(parsed.items), "item")
    if not fetched.status:  # a folder has neither title nor language, its files may have
        yield f"{fetched.url}: {items} in its files"
    else:
        title = f"“{parsed.title}”" if parsed.title else "without a title of its own"
        yield f"{title}, {items}, language {parsed.language or 'not said'}"
    yield from (f"odd: {oddity}" for oddity in parsed.notes)
    yield from (f"  {output.minute(item.published):20}  {item.title}" for item in parsed.items[:5])


def _spec(session: Session, url: str) -> "FeedSpec":
    from monitor.core.model import FeedSpec
    from monitor.core.suggest import suggestion
    from monitor.wiring import watched_feeds

    if "://" in url:
        return FeedSpec(id="checked", url=url)
    known = {feed.id: feed for feed in watched_feeds(session.settings)}
    if url not in known:
        raise MonitorError(
            f"{url!r} is neither an address (https://…) nor the id of a feed in {session.settings.feeds}"
            f"{suggestion(url, known)}"
        )
    return known[url]


def import_opml(
    session: Session,
    opml: Annotated[
        str, typer.Argument(metavar="OPML|-", help="A list exported from another reader; - reads standard input.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write there, if no such file exists; else print."),
    ] = None,
) -> None:
    """Turn a list of feeds from another reader into entries for feeds.yaml.

    Feeds that feeds.yaml has already are left out. Nothing is overwritten: print and paste, or write to a new file
    and name that under `include:`.
    """
    from monitor.wiring import load_feeds, read_opml, write_entries

    try:
        document = sys.stdin.buffer.read() if opml == "-" else Path(opml).read_bytes()
    except OSError as error:
        raise MonitorError(f"{opml}: {error.strerror}") from error
    path = session.settings.feeds
    present = load_feeds(path).feeds if path.exists() else ()
    found, left_out = read_opml(document, taken={feed.id for feed in present})
    addresses = {feed.url for feed in present}
    new = [feed for feed in found if feed.url not in addresses]
    left_out += [f"{feed.label}: {path} has its address already" for feed in found if feed.url in addresses]
    if not new:
        raise MonitorError(f"{opml}: no new feed in it ({output.counted(len(left_out), 'entry')} left out)")
    text = write_entries(new)
    if out is None:
        output.say(text.rstrip("\n"))
    else:
        try:
            with out.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            raise MonitorError(f"{out} is there already; nothing was written. Name another file") from None
        except OSError as error:
            raise MonitorError(f"can't write {out}: {error.strerror}") from error
    for entry in left_out:
        output.note(f"left out: {entry}")
    output.note(f"{output.counted(len(new), 'feed')}{f' written to {out}' if out else ''}")


def export(
    session: Session,
    everything: Annotated[bool, typer.Option("--all", help="Disabled feeds, too.")] = False,
) -> None:
    """Print the feeds as OPML, for any other reader."""
    from monitor.wiring import watched_feeds, write_opml

    chosen = [feed for feed in watched_feeds(session.settings) if feed.enabled or everything]
    feeds = [feed for feed in chosen if feed.source == "feed" and feed.url]
    output.say(write_opml(feeds).rstrip("\n"))
    if others := len(chosen) - len(feeds):
        output.note(f"{output.counted(others, 'source')} left out that other readers can't read: pages, folders …")


command(app, "list", "monitor feeds list --language zh", "monitor feeds list --disabled", paths=("feeds",))(list_feeds)
health.register(app)
command(app, "check", "monitor feeds check https://example.org/rss", "monitor feeds check tass-ru", paths=("feeds",))(
    check
)
trying.register(app)
command(app, "import", "monitor feeds import reader.opml -o feeds/imported.yaml", paths=("feeds",))(import_opml)
command(app, "export", "monitor feeds export > feeds.opml", paths=("feeds",))(export)
planning.register(app)
