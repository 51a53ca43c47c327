"""`monitor digest preview`: at a past moment, in every form, and what was really sent then."""

import email
import email.policy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from support.command import monitor, said
from support.stored import saved_hits
from typer.testing import CliRunner

from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.store import open_store
from monitor.app.digests import DigestWriter
from monitor.cli.app import app
from monitor.errors import MonitorError
from monitor.wiring import Configuration, load_settings

AT = datetime(2026, 3, 2, 5, 30, tzinfo=UTC)  # 08:30 in Moscow, a Monday
FOUND = AT - timedelta(hours=3)
RULES = """
terms:
  spy: {label: espionage, zh: [间谍]}
rules:
  - {id: espionage-arrests, title: Arrests, severity: high, match: $spy}
digests:
  - id: morning
    at: "30 8 * * *"
    timezone: Europe/Moscow
    rules: ["*"]
    to: [email:desk@example.org, email:second@example.org, slack:news]
  - {id: flash, at: once, rules: ["*"], to: ["console:"]}
  - {id: held, at: once, rules: ["*"], to: ["console:"]}
  - {id: still, at: once, rules: ["*"], to: ["console:"]}
maintenance:
  - {from: 2026-03-01, until: 2098-03-01, digests: [held, still], reason: new mail server}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One story, found on 1 and one on 2 March 2026; the second morning's digest was written with the first text."""
    home = tmp_path_factory.mktemp("preview")
    (home / "feeds.yaml").write_text("feeds:\n  - {id: sample-ru, name: Пример, url: https://primer.example/rss}\n")
    (home / "rules.yaml").write_text(RULES)
    store = open_store(home / "data" / "monitor.db")
    first = saved_hits(
        store, "a", at=FOUND - timedelta(days=2), seen_at=FOUND - timedelta(days=2), title="Первое сообщение"
    )
    ids = saved_hits(store, "b", at=FOUND, seen_at=FOUND, title="Задержан житель Образцовска")
    names = {"feeds": home / "feeds.yaml", "rules": home / "rules.yaml"}
    watch = Configuration(load_settings({f"MONITOR_{name.upper()}": str(path) for name, path in names.items()})).load()
    spec = watch.digests[0]
    store.digests.start(spec.id, FOUND)
    store.digests.wait(spec.id, ids, FOUND)
    DigestWriter(store=store, renderer=DigestRenderer()).write(watch, spec, AT + timedelta(seconds=20))
    store.digests.start("held", FOUND)
    store.digests.wait("held", [*first, *ids], FOUND)
    store.close()
    return home


def run(home: Path, *options: str, digest: str = "morning") -> Result:
    """The command in this process: it is about its words, and a process for each takes a second."""
    names = {"feeds": home / "feeds.yaml", "rules": home / "rules.yaml", "db": home / "data" / "monitor.db"}
    paths = [part for name, path in names.items() for part in (f"--{name}", str(path))]
    return CliRunner().invoke(app, [*paths, "digest", "preview", digest, *options])


def preview(home: Path, *options: str) -> tuple[str, str]:
    """What it printed, and what it remarked."""
    done = run(home, *options)
    assert done.exit_code == 0, done.exception
    return done.stdout, done.stderr


@pytest.mark.parametrize("given", ["2026-03-02", "2026-03-02T08:30", "2026-03-02 12:00", "2026-03-02T05:30Z"])
def test_a_past_digest_is_printed_for_a_day_or_a_moment_in_its_zone(home: Path, given: str) -> None:
    shown, remarks = preview(home, "--as-of", given)

    assert "Задержан житель Образцовска" in shown
    assert "Первое сообщение" not in shown
    assert "really written on Mon 2026-03-02 08:30 Europe/Moscow: --sent prints exactly what was sent" in remarks


def test_the_moment_before_it_was_due_shows_the_one_before(home: Path) -> None:
    shown, remarks = preview(home, "--as-of", "2026-03-02T08:29")

    assert "Задержан житель Образцовска" not in shown
    assert "really written" not in remarks


def test_of_a_digest_at_once_with_nothing_to_tell_only_that_is_said(home: Path) -> None:
    held = "held by maintenance (new mail server) until Sat 2098-03-01 00:00 UTC"
    nothing = "nothing would be sent now (nothing waits); "
    for digest, then in (("flash", "the next hit is told 30 seconds after it came"), ("still", held)):
        done = run(home, digest=digest)
        assert (done.exit_code, done.stdout, done.stderr.strip()) == (0, "", nothing + then)

    past = run(home, "--as-of", "2026-03-02T12:00", digest="flash")
    assert (past.exit_code, past.stdout) == (0, "")
    assert "nothing to tell: this would not have been sent" in past.stderr


def test_of_a_held_digest_at_once_it_is_said_until_when_and_by_what(home: Path) -> None:
    done = run(home, digest="held")

    assert "Held back by maintenance (new mail server) since 1 Mar 00:00." in " ".join(done.stdout.split())
    assert "too thick" not in done.stdout
    held = "held by maintenance (new mail server) until Sat 2098-03-01 00:00 UTC"
    assert done.stderr.strip() == f"2 alerts, {held}: then they come as one message"


def test_what_was_sent_is_printed_letter_by_letter(home: Path) -> None:
    store = open_store(home / "data" / "monitor.db", create=False)
    sent = {d.target.channel: d.message.body for d in store.bench.sent("morning", AT, AT + timedelta(days=1))}
    store.close()

    text, _ = preview(home, "--as-of", "2026-03-02", "--sent")
    html, _ = preview(home, "--as-of", "2026-03-02", "--sent", "-f", "html")
    slack, _ = preview(home, "--as-of", "2026-03-02", "--sent", "-f", "slack")

    assert text.rstrip("\n") == str(sent["email"]["text"]).rstrip("\n")
    assert html.rstrip("\n") == str(sent["email"]["html"]).rstrip("\n")
    assert json.loads(slack) == sent["slack"]


def test_an_email_is_printed_whole_and_can_be_written_to_a_file(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "digest.eml"

    _, remarks = preview(home, "--as-of", "2026-03-02", "-f", "email", "-o", str(path))

    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert f"wrote {path}" in remarks
    assert message["To"] == "desk@example.org"
    assert "Задержан житель Образцовска" in message["Subject"]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_as_data_it_is_one_object(home: Path) -> None:
    shown, _ = preview(home, "--as-of", "2026-03-02", "-f", "json")

    assert [story["headline"] for story in json.loads(shown)["stories"]] == ["Задержан житель Образцовска"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--as-of", "yesterday"), "'yesterday' is no time: write 2026-11-20 or 2026-11-20T08:00"),
        (("--as-of", "2199-01-01"), "2199-01-01 is still to come; leave --as-of away to see what waits now"),
        (("--as-of", "2026-01-01"), "the archive does not reach back to Thu 2026-01-01 23:59 Europe/Moscow"),
        (("--as-of", "0001-01-01"), "does not reach back"),
        (("--sent",), "--sent says what was sent at a time: name it with --as-of"),
        (("--as-of", "2026-03-04", "--sent"), "nothing that was sent for Wed 2026-03-04 08:30 Europe/Moscow"),
        (("--as-of", "2026-03-02", "--sent", "-f", "json"), "went out by email, slack then, which has no form 'json'"),
    ],
)
def test_what_cannot_be_shown_is_said_with_what_to_do(home: Path, options: tuple[str, ...], complaint: str) -> None:
    done = run(home, *options)

    assert done.exit_code != 0
    assert isinstance(done.exception, (MonitorError, SystemExit))
    words = done.stderr if isinstance(done.exception, SystemExit) else str(done.exception)
    assert complaint in " ".join(words.replace("│", " ").split())


def test_the_installed_command_does_it_too(home: Path) -> None:
    done = monitor("digest", "preview", "morning", "--as-of", "2026-03-02", cwd=home)

    assert "Задержан житель Образцовска" in said(done)
