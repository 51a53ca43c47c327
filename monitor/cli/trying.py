"""`monitor feeds try`: how can this address be read?"""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.core.model import Failure
    from monitor.wiring import Tried, Way

SHOWN = 5  # items of each way


def try_url(
    session: Session,
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="A feed, a home page, a list of news, a channel: https://…, or @channel."),
    ],
    as_json: Json = False,
) -> None:
    """Find out how an address can be read, and print the entry for feeds.yaml.

    Is it a feed? Does the page name feeds, has the site one at a usual place, or a news sitemap? If not, selectors are
    suggested for the blocks that repeat on the page, the likeliest first, with the first items that each gives.

    Asks a dozen addresses at most, one after the other, and stores nothing. Exit status 1 when no way was found.
    """
    import asyncio

    from monitor.wiring import try_address

    if url.startswith("@"):
        url = f"https://t.me/{url[1:]}"
    elif "://" not in url:
        url = f"https://{url}"
    tried = asyncio.run(try_address(session.settings, url))
    if as_json:
        output.line(_described(tried))
    else:
        if tried.failure and tried.ways and all(way.feed.url != tried.url for way in tried.ways):
            output.note(f"the address itself: {_reason(tried.failure)}. Elsewhere on its site:")
        for number, way in enumerate(tried.ways):
            output.say(("\n" * bool(number)) + _words(way))
            for item in way.parsed.items[:SHOWN]:
                output.say(f"  {output.minute(item.published):20}  {item.title}")
            output.say("")
            output.say(way.entry.rstrip("\n"))
        for asked in tried.asked if session.verbose else ():
            output.note(f"asked {asked}")
    if not tried.ways:
        reason = _reason(tried.failure) if tried.failure else "nothing on it looks like a list of news"
        raise MonitorError(f"{url}: no way to read it was found: {reason}")


def _reason(failure: "Failure") -> str:
    """Its words, without the advice to do what is being done."""
    return failure.message.removesuffix("; try `monitor feeds try` with its address")


def _words(way: "Way") -> str:
    kinds = {"feed": "a feed", "html": "a page read by selectors", "sitemap": "a news sitemap", "telegram": "a channel"}
    what = kinds.get(way.feed.source.value, way.feed.source.value)
    found = "" if way.feed.source == "html" else f", {way.found}"
    title = f" “{way.parsed.title}”" if way.parsed.title else ""
    dated = sum(item.published is not None for item in way.parsed.items)
    count = output.counted(len(way.parsed.items), "item")
    return f"{what}{found}: {way.feed.url}{title}, {count}, {dated} of them dated"


def _described(tried: "Tried") -> dict[str, object]:
    return {
        "url": tried.url,
        "failure": tried.failure and {"kind": tried.failure.kind, "message": _reason(tried.failure)},
        "ways": [
            {
                "source": way.feed.source,
                "url": way.feed.url,
                "found": way.found,
                "title": way.parsed.title,
                "language": way.feed.language,
                "items": len(way.parsed.items),
                "notes": way.parsed.notes,
                "first": [
                    {"title": item.title, "link": item.link, "published": item.published}
                    for item in way.parsed.items[:SHOWN]
                ],
                "entry": way.entry,
            }
            for way in tried.ways
        ],
        "asked": tried.asked,
    }


def register(app: typer.Typer) -> None:
    """Add the command to `monitor feeds`."""
    examples = ("monitor feeds try https://paper.example", "monitor feeds try https://court.example/news --json")
    command(app, "try", *examples, paths=("feeds",))(try_url)
