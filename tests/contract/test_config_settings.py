"""The environment as settings: defaults, secrets, files of secrets, and every complaint at once."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.adapters.config import Settings, load_settings
from monitor.adapters.config.receivers import plain_name
from monitor.adapters.config.settings import LogFormat, LogLevel, Secret, Security
from monitor.errors import ConfigError

MAIL = {"MONITOR_SMTP_HOST": "mail.example", "MONITOR_SMTP_FROM": "News monitor <monitor@example.org>"}


def complaints(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    return [str(problem) for problem in caught.value.problems]


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load_settings({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert (settings.feeds, settings.rules, settings.db) == (
        Path("feeds.yaml"),
        Path("rules.yaml"),
        Path("data/monitor.db"),
    )
    assert settings.smtp is None
    assert not settings.slack.reaches("#alerts")


def test_every_setting_is_read() -> None:
    settings = load_settings(
        {
            **MAIL,
            "MONITOR_FEEDS": "/config/feeds.yaml",
            "MONITOR_RULES": "/config/rules.yaml",
            "MONITOR_DB": "/data/monitor.db",
            "MONITOR_SMTP_PORT": "2525",
            "MONITOR_SMTP_SECURITY": "TLS",
            "MONITOR_SMTP_USER": "monitor",
            "MONITOR_SMTP_PASSWORD": "hunter2",
            "MONITOR_POLL_EVERY": "5m",
            "MONITOR_ALERT_MAX_AGE": "1d",
            "MONITOR_RETENTION": "4w",
            "MONITOR_BACKUP_DIR": "/backup",
            "MONITOR_BACKUP_KEEP": "3",
            "MONITOR_CONCURRENCY": "16",
            "MONITOR_USER_AGENT": "desk-monitor (+https://example.org/about)",
            "MONITOR_FETCH_TIMEOUT": "45s",
            "MONITOR_FETCH_TOTAL": "2m",
            "MONITOR_MAX_BYTES": "2M",
            "MONITOR_HOST_SPACING": "500ms",
            "MONITOR_ALLOW_NETWORKS": "10.1.0.0/16, 192.168.7.5",
            "MONITOR_LOG_LEVEL": "WARNING",
            "MONITOR_LOG_FORMAT": "json",
            "MONITOR_HEARTBEAT_URL": "https://beat.example/abc",
            "MONITOR_TEMPLATES": "/config/templates",
        }
    )
    assert settings.smtp is not None
    assert (settings.smtp.port, settings.smtp.security) == (2525, Security.TLS)
    assert settings.smtp.password is not None
    assert settings.smtp.password.reveal() == "hunter2"
    assert settings.heartbeat_url is not None
    assert settings.heartbeat_url.reveal() == "https://beat.example/abc"
    assert (settings.poll_every, settings.fetch_timeout) == (timedelta(minutes=5), timedelta(seconds=45))
    assert settings.fetch_total == timedelta(minutes=2)
    assert (settings.alert_max_age, settings.retention) == (timedelta(days=1), timedelta(days=28))
    assert (settings.backup_dir, settings.backup_keep, settings.concurrency) == (Path("/backup"), 3, 16)
    assert settings.host_spacing == timedelta(seconds=0.5)
    assert settings.allow_networks == (ip_network("10.1.0.0/16"), ip_network("192.168.7.5/32"))
    assert (settings.max_bytes, settings.user_agent[:12]) == (2 * 2**20, "desk-monitor")
    assert (settings.log_level, settings.log_format) == (LogLevel.WARNING, LogFormat.JSON)
    assert (settings.db, settings.templates) == (Path("/data/monitor.db"), Path("/config/templates"))


@pytest.mark.parametrize(
    ("value", "seconds"), [("0s", 0.0), ("200ms", 0.2), ("0.5s", 0.5), ("2s", 2.0), ("1m30s", 90.0), ("1 S", 1.0)]
)
def test_spacing_may_be_finer_than_other_durations_and_nothing(value: str, seconds: float) -> None:
    assert load_settings({"MONITOR_HOST_SPACING": value}).host_spacing == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MONITOR_HOST_SPACING", "2", "no duration"),
        ("MONITOR_HOST_SPACING", "-1s", "no duration"),
        ("MONITOR_ALLOW_NETWORKS", "loopback, intranet", "`intranet` is no network"),
        ("MONITOR_ALLOW_NETWORKS", "10.0.0.1/8", "`10.0.0.1/8` is no network (did you mean `10.0.0.0/8`?)"),
        ("MONITOR_ALLOW_NETWORKS", "localhost", "`localhost` is no network (did you mean `loopback`?)"),
        ("MONITOR_ALLOW_NETWORKS", "LAN", "`LAN` is no network (did you mean `private`?)"),
        ("MONITOR_ALLOW_NETWORKS", "nas.home.example", "write networks such as 10.1.0.0/16"),
    ],
)
def test_spacing_and_networks_that_mean_nothing_are_named(name: str, value: str, words: str) -> None:
    assert [words in one for one in complaints({name: value})] == [True]


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_mail_port_follows_the_kind_of_protection(security: str, port: int) -> None:
    settings = load_settings({**MAIL, "MONITOR_SMTP_SECURITY": security})
    assert settings.smtp is not None
    assert settings.smtp.port == port


def test_no_secret_shows_when_the_settings_are_printed() -> None:
    settings = load_settings(
        {
            **MAIL,
            "MONITOR_SMTP_USER": "monitor",
            "MONITOR_SMTP_PASSWORD": "hunter2",
            "MONITOR_SLACK_TOKEN": "xoxb-hunter2",
            "MONITOR_SLACK_WEBHOOK": "https://hooks.example/hunter2",
            "MONITOR_HEARTBEAT_URL": "https://beat.example/hunter2",
        }
    )
    assert "hunter2" not in repr(settings) + str(settings) + f"{settings.slack.token}"


def test_every_setting_may_stand_in_a_file_instead(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n", encoding="utf-8")
    (tmp_path / "host").write_text("mail.example\n", encoding="utf-8")
    settings = load_settings(
        {
            "MONITOR_SMTP_HOST_FILE": str(tmp_path / "host"),
            "MONITOR_SMTP_FROM": "monitor@example.org",
            "MONITOR_SMTP_USER": "monitor",
            "MONITOR_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
        }
    )
    assert settings.smtp is not None
    assert settings.smtp.host == "mail.example"
    assert settings.smtp.password == Secret("hunter2")


def test_webhooks_are_found_by_the_name_of_the_channel_else_the_default() -> None:
    slack = load_settings(
        {
            "MONITOR_SLACK_WEBHOOK": "https://hooks.example/default",
            "MONITOR_SLACK_WEBHOOK_RUSSIA_CHINA": "https://hooks.example/named",
        }
    ).slack
    assert plain_name("#Russia-China") == "russia_china"
    assert slack.webhook("#russia-china") == Secret("https://hooks.example/named")
    assert slack.webhook("alerts") == Secret("https://hooks.example/default")
    only_named = load_settings({"MONITOR_SLACK_WEBHOOK_ALERTS": "https://hooks.example/a"}).slack
    assert only_named.reaches("#alerts")
    assert not only_named.reaches("#others")


@pytest.mark.parametrize(
    ("environ", "what"),
    [
        ({"MONITOR_FEED": "x"}, "MONITOR_FEED: is no setting, did you mean 'MONITOR_FEEDS'?"),
        ({"MONITOR_SMTP_PASWORD": "x", **MAIL}, "did you mean 'MONITOR_SMTP_PASSWORD'?"),
        ({"MONITOR_POLL_EVERY": "10"}, "MONITOR_POLL_EVERY: `10` is no duration"),
        ({"MONITOR_CONCURRENCY": "0"}, "MONITOR_CONCURRENCY: `0` must be a number from 1 to 1000"),
        ({"MONITOR_CONCURRENCY": "²"}, "MONITOR_CONCURRENCY: `²` must be a number from 1 to 1000"),
        ({"MONITOR_MAX_BYTES": "15 furlongs"}, "MONITOR_MAX_BYTES: `15 furlongs` is no size"),
        ({"MONITOR_LOG_LEVEL": "loud"}, "MONITOR_LOG_LEVEL: `loud` is not known here"),
        ({"MONITOR_USER_AGENT": "Бот"}, "MONITOR_USER_AGENT: must be one line of plain ASCII"),
        ({"MONITOR_SMTP_HOST": "mail.example"}, "MONITOR_SMTP_FROM: is missing: mail needs a sender"),
        ({"MONITOR_SMTP_FROM": "monitor@example.org"}, "MONITOR_SMTP_HOST: is missing, while MONITOR_SMTP_FROM is set"),
        ({**MAIL, "MONITOR_SMTP_FROM": "desk"}, "MONITOR_SMTP_FROM: `desk` is no sender"),
        ({**MAIL, "MONITOR_SMTP_USER": "monitor"}, "MONITOR_SMTP_PASSWORD: is missing: user and password go together"),
        ({**MAIL, "MONITOR_SMTP_SECURITY": "ssl"}, "MONITOR_SMTP_SECURITY: `ssl` is not known here"),
        ({**MAIL, "MONITOR_SMTP_PORT": "70000"}, "MONITOR_SMTP_PORT: `70000` must be a number from 1 to 65535"),
        ({"MONITOR_SLACK_WEBHOOK": "hooks.example/hunter2"}, "MONITOR_SLACK_WEBHOOK: is no web address"),
        ({"MONITOR_SLACK_TOKEN_FILE": "/no/such/file"}, "MONITOR_SLACK_TOKEN_FILE: can't read /no/such/file"),
        ({"MONITOR_DB": "a", "MONITOR_DB_FILE": "b"}, "MONITOR_DB: is set, and MONITOR_DB_FILE too"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value).partition(":")[0],
)
def test_a_wrong_setting_is_named_with_what_to_do(environ: Mapping[str, str], what: str) -> None:
    (found,) = complaints(environ)
    assert what in found
    assert "hunter2" not in found


def test_all_wrong_settings_are_named_at_once() -> None:
    found = complaints({"MONITOR_POLL_EVERY": "often", "MONITOR_RETENTION": "long", "MONITOR_RULLES": "x"})
    assert len(found) == 3


def test_what_a_cluster_sets_for_a_service_called_monitor_is_not_ours() -> None:
    kubernetes = {
        "MONITOR_PORT": "tcp://10.0.0.1:80",
        "MONITOR_PORT_80_TCP_ADDR": "10.0.0.1",
        "MONITOR_SERVICE_HOST": "10.0.0.1",
        "MONITOR_SERVICE_PORT_HTTP": "80",
    }
    assert load_settings(kubernetes) == Settings()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"MONITOR_SMTP_HOST": "", "MONITOR_DB": " ", "MONITOR_NONSENSE": ""}) == Settings()
