"""`monitor names`, `schema` and `rules lint`: help with writing rules."""

from collections import Counter
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command
from monitor.errors import MonitorError, Problem

PANEL = "What is read and looked for"
MEASURED = 5000  # items on which it is counted what is common


class File(StrEnum):
    RULES = "rules"
    FEEDS = "feeds"
    DIGEST = "digest"


class Kind(StrEnum):
    PERSON = "person"
    PLACE = "place"


def register(app: typer.Typer, rules: typer.Typer) -> None:
    """Add the commands to `monitor` and to `monitor rules`."""
    command(
        app, "names", "monitor names 'Xiang Yue Su Hang'", "monitor names 珲春 --kind place", paths=(), panel=PANEL
    )(names)
    command(app, "schema", "monitor schema rules > rules.schema.json", paths=(), panel=PANEL)(schema)
    command(rules, "lint", "monitor rules lint", "monitor rules lint --strict")(lint)


def names(
    session: Session,
    name: Annotated[list[str], typer.Argument(metavar="NAME", help="A Chinese name, as Han or pinyin.")],
    kind: Annotated[
        Kind, typer.Option("--kind", "-k", help="What it names; it changes how a name is cut.")
    ] = Kind.PERSON,
    as_json: Json = False,
) -> None:
    """Show every rendering of a Chinese name that a rule would find: pinyin, Cyrillic in all cases, Wade–Giles.

    A rule finds them with `person: [NAME]` or `place: [NAME]`; Wade–Giles only with `wade_giles: true`.
    """
    from monitor.core.text.forms import FormError
    from monitor.core.text.names import renderings

    if not " ".join(name).strip():
        raise typer.BadParameter("the name is empty; write it as Han or pinyin: monitor names 'Xiang Yue'")
    try:
        found = renderings(" ".join(name), kind.value)
    except FormError as error:
        raise MonitorError(str(error)) from error
    parts = ("han", "pinyin", "cyrillic", "declined", "wade_giles")
    if as_json:
        output.line({part: getattr(found, part) for part in parts})
        return
    titles = ("Han", "pinyin", "Cyrillic", "in other cases", "Wade–Giles")
    for title, part in zip(titles, parts, strict=True):
        if texts := getattr(found, part):
            output.say(f"{title}: {', '.join(texts)}")


def schema(
    session: Session, file: Annotated[File, typer.Argument(metavar="rules|feeds|digest", help="Of what.")]
) -> None:
    """Print the JSON Schema of a YAML file, for editors to complete and check by, or of what webhooks receive.

    Name it in a YAML file's first line: # yaml-language-server: $schema=rules.schema.json
    """
    from monitor.wiring import schemas

    output.say(schemas()[f"{file}.schema.json"].rstrip("\n"))


def lint(
    session: Session,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 for warnings, too.")] = False,
    as_json: Json = False,
) -> None:
    """Point out what is questionable about valid rules.

    Conditions that can't hold, terms that no rule uses, rules that say the same, forms too short, regular expressions
    that could be plain forms, languages without an example, feeds and tags that feeds.yaml does not have. With an
    archive, also forms and rules that are too common.

    Exit status 1 when a rule can't do what it says.
    """
    from monitor.core.rules.lint import Level, measure
    from monitor.core.rules.lint import lint as examine
    from monitor.wiring import load_feeds, opened, rules_to_try

    settings = session.settings
    file, matcher = rules_to_try(settings)
    feeds = load_feeds(settings.feeds).feeds if settings.feeds.exists() else None
    usage = None
    if settings.db.exists():
        with opened(settings) as store:
            usage = measure(matcher, (item for _, item in islice(store.bench.items(), MEASURED)))
    found = examine(file.book, usage, feeds)
    for one in found:
        place = file.place(one.path)
        if as_json:
            output.line(
                {"place": place, "level": one.level, "check": one.check, "message": one.message, "hint": one.hint}
            )
        else:
            located = file.locate(Problem(one.path, f"{one.level}: {one.message}", one.hint))
            output.say(f"{located} [{one.check}]")
    counts = Counter(one.level for one in found)
    if not as_json:
        read = f"; {usage.items:,} archived items counted" if usage else ""
        output.say(", ".join(output.counted(counts[level], level.value) for level in Level) + read)
    if counts[Level.ERROR] or (strict and counts[Level.WARNING]):
        raise typer.Exit(1)
