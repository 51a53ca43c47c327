"""The settings of the small site: what is understood, what is refused and how, and the secret that is made."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.adapters.config import Settings, load_settings
from monitor.adapters.linksecret import kept_secret
from monitor.errors import ConfigError, MonitorError

LISTEN = {"MONITOR_LISTEN": "127.0.0.1:8080"}


def complaint(**environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    (problem,) = caught.value.problems
    return str(problem)


def test_without_settings_there_is_no_site() -> None:
    assert (Settings().listen, Settings().public_url, Settings().link_secret) == (None, "", None)


@pytest.mark.parametrize(
    ("given", "host", "port", "shown"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"),
        ("[::]:8080", "::", 8080, "[::]:8080"),
        ("0.0.0.0:80", "0.0.0.0", 80, "0.0.0.0:80"),
        ("localhost:0", "127.0.0.1", 0, "127.0.0.1:0"),  # the one name that means the same everywhere
        (" [2001:DB8::1]:65535 ", "2001:db8::1", 65535, "[2001:db8::1]:65535"),
    ],
)
def test_an_address_to_listen_at_is_understood(given: str, host: str, port: int, shown: str) -> None:
    listen = load_settings({"MONITOR_LISTEN": given}).listen
    assert listen is not None
    assert (listen.host, listen.port, str(listen)) == (host, port, shown)


@pytest.mark.parametrize(
    "given",
    [
        "8080",  # all addresses, or this machine?
        ":8080",
        "127.0.0.1",
        "127.0.0.1:99999",
        "127.0.0.1:http",
        "::1:8080",  # where does the address end?
        "[127.0.0.1]:8080",
        "news.example.org:8080",  # a name may mean another address tomorrow
        "http://127.0.0.1:8080",
        "*:8080",
    ],
)
def test_an_address_that_says_not_clearly_who_may_come_in_is_refused_with_an_example(given: str) -> None:
    assert "127.0.0.1:8080, behind a proxy" in complaint(MONITOR_LISTEN=given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://news.example.org", "https://news.example.org"),
        ("https://news.example.org/", "https://news.example.org"),
        ("https://example.org:8443/monitor/", "https://example.org:8443/monitor"),
        ("http://10.1.2.3:8080", "http://10.1.2.3:8080"),  # a network of one's own
    ],
)
def test_the_public_address_is_kept_without_a_slash_at_its_end(given: str, kept: str) -> None:
    assert load_settings({**LISTEN, "MONITOR_PUBLIC_URL": given}).public_url == kept


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("news.example.org", "did you mean `https://news.example.org`?"),
        ("https://news.example.org/?a=1", "must end with the host or a path"),
        ("https://news.example.org/#top", "must end with the host or a path"),
        ("https://desk:pw@news.example.org", "user name or password"),
        ("https://новости.example", "xn--"),
        ("https://news.example.org/<b>", "can't stand in a link"),
        ("ftp://news.example.org", "no web address"),
    ],
)
def test_a_public_address_that_no_link_can_begin_with_is_refused(given: str, says: str) -> None:
    assert says in complaint(**LISTEN, MONITOR_PUBLIC_URL=given)


def test_links_that_nobody_would_answer_are_refused() -> None:
    found = complaint(MONITOR_PUBLIC_URL="https://news.example.org")
    assert found.startswith("MONITOR_PUBLIC_URL: is set, but no site would answer there")
    assert "MONITOR_LISTEN" in found


def test_a_secret_is_taken_from_a_file_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("f8a0c1d2e3b4a5968778\n")
    settings = load_settings({"MONITOR_LINK_SECRET_FILE": str(tmp_path / "secret")})
    assert settings.link_secret is not None
    assert settings.link_secret.reveal() == "f8a0c1d2e3b4a5968778"
    assert "f8a0c1d2" not in repr(settings)


def test_a_secret_that_can_be_guessed_is_refused_and_not_quoted() -> None:
    found = complaint(MONITOR_LINK_SECRET="hunter2hunter2")
    assert "16 characters at least" in found
    assert "hunter2" not in found


def test_a_secret_is_made_once_for_its_owner_alone_and_leaves_nothing_else(tmp_path: Path) -> None:
    database = tmp_path / "data" / "monitor.db"
    made = kept_secret(database)
    (path,) = database.parent.iterdir()
    assert path.name == "monitor.db.link-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made) >= 32
    assert kept_secret(database) == made
    assert kept_secret(tmp_path / "other.db") != made


def test_two_that_come_at_once_get_the_same_secret(tmp_path: Path) -> None:
    for number in range(20):
        with ThreadPoolExecutor(8) as threads:
            found = set(threads.map(kept_secret, [tmp_path / f"{number}.db"] * 8))
        assert len(found) == 1


def test_a_secret_that_was_emptied_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "monitor.db.link-secret").write_text("short\n")
    with pytest.raises(MonitorError, match=r"monitor\.db\.link-secret holds no secret .* remove it"):
        kept_secret(tmp_path / "monitor.db")


def test_a_folder_where_the_secret_should_be_is_a_complaint_in_words(tmp_path: Path) -> None:
    (tmp_path / "monitor.db.link-secret").mkdir()
    with pytest.raises(MonitorError, match="Is a directory; or set MONITOR_LINK_SECRET"):
        kept_secret(tmp_path / "monitor.db")
