"""Templates that mean harm reach nothing, are bounded in time, memory and size, and never keep a digest back."""

import pickle
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support import samples

from monitor.adapters.deliver.render import DigestRenderer, apart, render_html, shipped, strange_templates
from monitor.adapters.deliver.render.apart import MEMORY, Apart
from monitor.adapters.deliver.render.templating import Templates
from monitor.adapters.deliver.render.view import view
from monitor.core.model import Message, Target
from monitor.core.specimen import specimens
from monitor.core.tickets import Links
from monitor.errors import ConfigError, Problem

READER = Target("email", "reader@newsroom.example")
LONG = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"


def written(folder: Path, template: str, name: str = "digest.txt") -> Path:
    (folder / name).write_text(template, "utf-8")
    return folder


def refused(folder: Path, template: str, patience: float = 30.0) -> Problem:
    """The fault of a template for text; the digest's HTML is sound."""
    with pytest.raises(ConfigError) as caught:
        Apart(written(folder, template), patience).messages(samples.empty(), [READER], None)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "classes of the interpreter"),
        ("{{ d.__init__.__globals__ }}", "globals of a module"),
        ("{{ d.name.__reduce__() }}", "pickling"),
        ("{{ cycler.__init__.__globals__.os.system('true') }}", "a helper of Jinja's own"),
        ("{{ lipsum.__globals__['os'] }}", "another one"),
        ("{{ ('%s'|attr('__class__')) }}", "by a filter"),
        ("{{ '{0.__class__}'.format(d) }}", "by a format"),
        ("{{ self.__init__ }}", "the template itself"),
        ("{{ d.stories.__len__ }}", "a method of a list"),
        ("{% include '../outside.txt' %}", "a file above the folder"),
        ("{% include 'sub/../../outside.txt' %}", "the same in a roundabout way"),
        ("{% include '/etc/passwd' %}", "a file of the system"),
        ("{% import 'os' as os %}{{ os.getcwd() }}", "a module"),
        ("{{ range(10**9)|length }}", "a range beyond all measure"),
    ],
)
def test_what_a_template_must_not_reach_it_does_not(tmp_path: Path, template: str, why: str) -> None:
    (tmp_path / "outside.txt").write_text("SECRET", "utf-8")
    folder = tmp_path / "templates"
    folder.mkdir()

    with suppress(ConfigError):
        text = Templates(written(folder, template)).text(view(samples.empty()))
        # Where the sandbox gives nothing instead of a complaint, it gives nothing indeed.
        assert not any(word in text for word in ("SECRET", "root:", "<class", "function", "0x")), (why, text)


def test_an_endless_loop_is_ended_and_named(tmp_path: Path) -> None:
    began = time.monotonic()

    problem = refused(tmp_path, f"fine\n{LONG}{'{% endfor %}' * 3}", patience=1.0)

    assert "takes more than 1 second" in problem.message
    assert problem.file.endswith("digest.txt")
    assert time.monotonic() - began < 25, "not for ever, even on a busy machine"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (f"{{{{ 'x' * {MEMORY * 2} }}}}", "a text multiplied"),
        (f"{{{{ ('x'|center({MEMORY * 2}))|length }}}}", "a text made wide"),
        (f"{{{{ '%{MEMORY * 2}d' % 1 }}}}", "by an old format"),
        (f"{{{{ '{{:>{MEMORY * 2}}}'.format(1) }}}}", "by a new one"),
        (
            "{% set n = namespace(x='x') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
            "doubled again and again",
        ),
    ],
)
def test_what_would_fill_the_memory_is_refused(tmp_path: Path, template: str, why: str) -> None:
    problem = refused(tmp_path, template)

    assert "memory" in problem.message, why
    assert problem.file.endswith("digest.txt"), why


def test_a_message_beyond_all_measure_is_not_sent(tmp_path: Path) -> None:
    assert "messages of 40 MB" in refused(tmp_path, "{{ 'x' * 40000000 }}").message


def test_the_digest_goes_out_by_the_shipped_templates_and_says_what_to_mend(tmp_path: Path) -> None:
    (message,) = DigestRenderer(written(tmp_path, "{{ 'x' * 2000000000 }}")).render(samples.digest(), READER)

    text = " ".join(str(message.body["text"]).split())
    assert samples.digest().stories[0].headline in text
    assert "Your templates could not be used" in text


def test_the_process_of_the_templates_gets_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is asked, and the environment it gets, as it would see them."""
    import subprocess

    seen: dict[str, object] = {}

    def run(*_: object, **options: object) -> subprocess.CompletedProcess[bytes]:
        seen.update(options)
        return subprocess.CompletedProcess([], 0, b'[]\n{"problems": []}')

    monkeypatch.setenv("MONITOR_SMTP_PASSWORD", "geheim")
    monkeypatch.setattr(subprocess, "run", run)
    Apart(tmp_path).messages(samples.empty(), [READER], None)

    environment = seen["env"]
    assert isinstance(environment, dict)
    assert not [name for name in environment if name.startswith("MONITOR_")]
    folder, *_ = pickle.loads(seen["input"])  # type: ignore[arg-type]
    assert folder == tmp_path


def test_unsound_templates_do_not_touch_slack(tmp_path: Path) -> None:
    folder = written(tmp_path, "{{ nonsense }}")

    assert DigestRenderer(folder).render(samples.digest(), Target("slack", "#desk")) == DigestRenderer().render(
        samples.digest(), Target("slack", "#desk")
    )


# --- monitor check ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "line", "why"),
    [
        ("{% for s in d.stories %}\n{{ s.nonsense }}\n{% endfor %}", 2, "only with a story"),
        ("{% for s in d.stories %}{% for r in s.reasons %}\n\n{{ r.nonsense }}{% endfor %}{% endfor %}", 3, "a reason"),
        ("{% if not d.stories %}\n{{ d.nonsense }}{% endif %}", 2, "only without any"),
        ("{% for t in d.topics %}\n{{ t.nonsense }}{% endfor %}", 2, "a topic"),
    ],
)
def test_a_faulty_line_is_found_though_only_some_digests_come_to_it(
    tmp_path: Path, template: str, line: int, why: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        DigestRenderer(written(tmp_path, template)).check(*specimens())

    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "digest.txt"), line), why


def test_faults_of_both_templates_are_named_at_once(tmp_path: Path) -> None:
    written(tmp_path, "{{ nonsense }}")
    written(tmp_path, "\n{{ nonsense }}", "digest.html")

    with pytest.raises(ConfigError) as caught:
        DigestRenderer(tmp_path).check(*specimens())

    assert {Path(problem.file).name: problem.line for problem in caught.value.problems} == {
        "digest.txt": 1,
        "digest.html": 2,
    }


def test_the_shipped_templates_taken_over_are_sound_and_make_the_same(tmp_path: Path) -> None:
    for name, text in shipped().items():
        written(tmp_path, text, name)

    DigestRenderer(tmp_path).check(*specimens())
    (message,) = DigestRenderer(tmp_path).render(samples.digest(), Target("console", ""))

    assert message.body["html"] == render_html(samples.digest())


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ((), "the folder holds none of digest.html, digest.css, media.css, digest.txt"),
        (("digets.html",), "no template has this name (did you mean 'digest.html'?)"),
        (("digest.html", "footer.html"), ""),
        (("digest.txt", "digest.txt.bak"), ""),
    ],
)
def test_a_mistyped_name_is_no_silence(tmp_path: Path, names: tuple[str, ...], complaint: str) -> None:
    for name in names:
        written(tmp_path, "x", name)

    assert complaint in "; ".join(map(str, strange_templates(tmp_path)))
    assert bool(strange_templates(tmp_path)) is bool(complaint)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (problem,) = strange_templates(tmp_path / "nowhere")

    assert problem.file == str(tmp_path / "nowhere")
    assert "can't be read" in problem.message


def test_templates_that_were_too_slow_are_not_asked_again_before_somebody_edits_them(tmp_path: Path) -> None:
    slow = Apart(written(tmp_path, f"{LONG}{'{% endfor %}' * 3}"), patience=1.0)
    with pytest.raises(ConfigError, match="more than 1 seconds"):
        slow.messages(samples.empty(), [READER], None)
    began = time.monotonic()
    with pytest.raises(ConfigError, match="more than 1 seconds"):
        slow.messages(samples.empty(), [READER], None)
    assert time.monotonic() - began < 1.0
    written(tmp_path, "mended")
    ((made,),) = slow.messages(samples.empty(), [READER], None)
    assert made.body["text"] == "mended\n"


@pytest.mark.parametrize("links", [None, samples.LINKS])
def test_one_process_makes_a_digest_for_all_its_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: Links | None
) -> None:
    """The shipped templates taken over: each gets what they get by the shipped ones, with their own links."""
    import subprocess

    written(tmp_path, shipped()["digest.txt"])
    started: list[object] = []
    run = subprocess.run

    def counted(*args: Any, **options: Any) -> Any:
        started.append(args)
        return run(*args, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    mails = [Target("email", f"reader-{'x' * number}@newsroom.example") for number in range(20)]
    targets = [Target("console", ""), *mails[:10], Target("slack", "#desk"), *mails[10:]]

    made = DigestRenderer(tmp_path, links).render_all(samples.digest(), targets)

    assert len(started) == 1
    assert made == [DigestRenderer(links=links).render(samples.digest(), target) for target in targets]
    own = {str(message.body.get("unsubscribe")) for (message,) in made if message.channel == "email"}
    assert len(own) == (len(mails) if links else 1)


@pytest.mark.parametrize("links", [None, samples.LINKS])
@pytest.mark.parametrize("stories", [3, 300])
def test_an_email_is_written_once_for_all_readers_and_bears_the_link_of_each(
    monkeypatch: pytest.MonkeyPatch, links: Links | None, stories: int
) -> None:
    digest = samples.digest() if stories == 3 else samples.flood(stories)
    targets = [Target("email", f"reader-{'x' * number}@newsroom.example") for number in range(20)]
    texts: list[object] = []
    text = Templates.text
    monkeypatch.setattr(Templates, "text", lambda self, part: texts.append(part) or text(self, part))

    wanted = [DigestRenderer(links=links).render(digest, target) for target in (targets[0], targets[7])]
    for_two = len(texts)
    made = DigestRenderer(links=links).render_all(digest, targets)

    assert len(texts) - for_two == for_two // 2
    assert [made[0], made[7]] == wanted


def test_a_digest_for_nobody_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", None)

    assert DigestRenderer(written(tmp_path, "mine")).render_all(samples.digest(), []) == []


def test_time_for_further_readers_is_given_once_the_first_is_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left, given = 7.5, []
    monkeypatch.setattr(apart.signal, "getitimer", lambda _: (left, 0.0))
    monkeypatch.setattr(apart.signal, "setitimer", lambda _, seconds: given.append(seconds))

    def made() -> Iterator[list[Message]]:
        for number in range(3):
            assert given == ([] if number == 0 else [left + 2 * apart.EACH]), "not before, and not again"
            yield [Message("email", {"text": str(number)})]

    apart._write(made(), tmp_path, 2 * apart.EACH)

    assert len(capsys.readouterr().out.splitlines()) == 3


def test_an_endless_loop_is_ended_as_soon_when_many_read(tmp_path: Path) -> None:
    readers = [Target("email", f"reader{n}@newsroom.example") for n in range(400)]
    endless = apart.Apart(written(tmp_path, f"{LONG}{'{% endfor %}' * 3}"), patience=1.0)
    began = time.monotonic()

    with pytest.raises(ConfigError, match="takes more than 1 second"):
        endless.messages(samples.empty(), readers, None)

    assert time.monotonic() - began < 60, "not the hundred seconds of them all"
