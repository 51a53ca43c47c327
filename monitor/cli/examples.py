"""`monitor rules test`: the examples that rules carry, run like tests; on every save, if asked."""

import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from xml.etree import ElementTree

import typer

from monitor.cli import output
from monitor.cli.rules import Only
from monitor.cli.session import Json, Session, command
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.core.rules.examples import ExampleResult
    from monitor.wiring import RuleFile

LOOK_EVERY = 0.3  # seconds between two looks at the files
Ran = list[tuple[str, "ExampleResult"]]  # with `file:line:column` of the example


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "test",
        "monitor rules test",
        "monitor rules test tumen-passage --rules new-rules.yaml",
        "monitor rules test --watch",
        paths=("feeds", "rules"),
    )(try_examples)


def try_examples(
    session: Session,
    only: Only = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Run again whenever a file is saved.")] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write the results there as JUnit XML.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the examples that the rules carry.

    Says of each failure where it stands, which words were found and which condition was not met; with -v, says so of
    every example. Examples under `todo` are known to fail and do not count. Exit status 1 when an example fails.
    """
    files: tuple[Path, ...] = (session.settings.rules,)
    while True:
        seen = {path: _stamp(path) for path in files}  # before reading: an edit during the run counts
        file, fine = _attempt(session, only or [], junit, as_json=as_json, keep_on=watch)
        if not watch:
            raise typer.Exit(0 if fine else 1)
        files = file.files if file else files
        _wait_for_edit({path: seen.get(path) or _stamp(path) for path in files})
        output.note("")


def _attempt(
    session: Session, only: list[str], junit: Path | None, *, as_json: bool, keep_on: bool
) -> "tuple[RuleFile | None, bool]":
    from monitor.wiring import rules_to_try

    try:
        file, matcher = rules_to_try(session.settings, only=only)
    except MonitorError as error:
        if not keep_on:
            raise
        output.report(error)
        return None, False
    return file, _run(file, matcher, only, junit, as_json=as_json, verbose=session.verbose > 0)


def _run(file: "RuleFile", matcher: Any, only: list[str], junit: Path | None, *, as_json: bool, verbose: bool) -> bool:
    from monitor.core.rules.examples import Outcome, run_examples

    ran: Ran = [(file.place(result.example.path), result) for result in run_examples(file.book, matcher)]
    for place, result in ran:
        if as_json:
            output.line({**_described(result), "place": place})
        elif result.complaint:
            output.say(f"{place}: {result.rule}: {result.complaint}")
        elif verbose:
            output.say(f"{place}: {result.rule}: {result.account}")
    if not as_json:
        bare = [rule.id for rule in file.book.rules if not rule.examples and (not only or rule.id in only)]
        output.say(_summary(ran) + (f"; without examples: {', '.join(bare)}" if bare else ""))
    if junit:
        _write_junit(junit, ran)
    return not any(result.outcome is Outcome.FAILED for _, result in ran)


def _described(result: "ExampleResult") -> dict[str, Any]:
    return {
        "rule": result.rule,
        "outcome": result.outcome,
        "expected": "hit" if result.example.hit else "miss",
        "text": result.text,
        "reason": result.reason,
        "words": result.words,
    }


def _summary(ran: Ran) -> str:
    from monitor.core.rules.examples import Outcome

    counts = Counter(result.outcome for _, result in ran)
    parts = [f"{counts[one]} {one}" for one in Outcome if counts[one] or one in {Outcome.PASSED, Outcome.FAILED}]
    return f"{output.counted(len(ran), 'example')}: {', '.join(parts)}"


def _write_junit(path: Path, ran: Ran) -> None:
    from monitor.core.rules.examples import Outcome

    root = ElementTree.Element("testsuites")
    for rule in dict.fromkeys(result.rule for _, result in ran):
        cases = [(place, result) for place, result in ran if result.rule == rule]
        counts = Counter(result.outcome for _, result in cases)
        suite = ElementTree.SubElement(
            root, "testsuite", name=rule, tests=str(len(cases)), failures=str(counts[Outcome.FAILED]), errors="0",
            skipped=str(counts[Outcome.TODO]),
        )  # fmt: skip
        for place, result in cases:
            kind = "hit" if result.example.hit else "miss"
            file, line, _ = place.rsplit(":", 2)
            case = ElementTree.SubElement(
                suite, "testcase", classname=rule, name=f"{kind}: {result.text}", file=file, line=line
            )
            if result.outcome is Outcome.FAILED:
                ElementTree.SubElement(case, "failure", message=result.reason).text = f"{place}: {result.complaint}"
            elif result.outcome is Outcome.TODO:
                ElementTree.SubElement(case, "skipped", message=f"todo: {result.reason}")
    try:
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise MonitorError(f"can't write {path}: {error.strerror}") from error


def _wait_for_edit(seen: dict[Path, tuple[int, int]]) -> None:
    output.note(f"watching {', '.join(map(str, seen))}; Ctrl-C ends it")
    sys.stdout.flush()
    while all(_stamp(path) == stamp for path, stamp in seen.items()):
        time.sleep(LOOK_EVERY)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
