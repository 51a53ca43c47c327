"""The environment → settings: paths, machine limits, secrets. Never read from YAML, so that files can be shared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path

from monitor import __version__
from monitor.adapters.config import receivers, site, values
from monitor.adapters.config.environment import Environment, Secret, secret_address
from monitor.core.addresses import WORDS, Network, parse_networks
from monitor.errors import ConfigError


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"  # begins in the clear, must be upgraded
    TLS = "tls"  # from the first byte
    NONE = "none"  # only for a server on this machine


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


# What people write for the words that MONITOR_ALLOW_NETWORKS takes.
_LOOPBACK, _PRIVATE = "localhost local loop loopbak self", "lan intranet internal rfc1918 home"
_WORDS = {**dict.fromkeys(_LOOPBACK.split(), "loopback"), **dict.fromkeys(_PRIVATE.split(), "private")}
_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server; `sender` may hold a name: `News monitor <monitor@example.org>`."""

    host: str
    sender: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Slack:
    """Access to Slack: a bot token for any channel, and incoming webhooks by name (lower case; "" is the default)."""

    token: Secret | None = None
    webhooks: Mapping[str, Secret] = field(default_factory=dict)
    api_url: str = "https://slack.com/api"

    def reaches(self, address: str) -> bool:
        """Whether something is set that can send to `slack:address`: see `webhook`, else the token."""
        return self.token is not None or self.webhook(address) is not None

    def webhook(self, address: str) -> Secret | None:
        """The webhook for an address: the one with this name (`#` left out), else the default one."""
        return self.webhooks.get(receivers.plain_name(address)) or self.webhooks.get("")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything from the environment, checked. One object, made once."""

    feeds: Path = Path("feeds.yaml")
    rules: Path = Path("rules.yaml")
    db: Path = Path("data/monitor.db")
    smtp: Smtp | None = None
    slack: Slack = field(default_factory=Slack)
    poll_every: timedelta = timedelta(minutes=10)
    alert_max_age: timedelta = timedelta(hours=48)
    retention: timedelta = timedelta(days=90)
    backup_dir: Path | None = None
    backup_keep: int = 7
    concurrency: int = 64
    user_agent: str = f"news-monitor/{__version__}"
    fetch_timeout: timedelta = timedelta(seconds=20)
    fetch_total: timedelta = timedelta(seconds=60)
    max_bytes: int = 24 * 2**20
    host_spacing: timedelta = timedelta(seconds=0.2)
    allow_networks: tuple[Network, ...] = ()
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.CONSOLE
    heartbeat_url: Secret | None = None
    templates: Path | None = None
    listen: site.Listen | None = None
    public_url: str = ""
    link_secret: Secret | None = None
    webhooks: Mapping[str, receivers.Webhook] = field(default_factory=dict)  # by name, see `receivers.plain_name`
    apprise: Mapping[str, Secret] = field(default_factory=dict)  # addresses of services, by name


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the `MONITOR_*` variables, each also as `…_FILE` (the path of a file that holds the value).

    Raises ConfigError with every problem: impossible values, names that mean nothing, halves of a pair.
    """
    env = Environment(environ)
    default = Settings()
    settings = Settings(
        feeds=env.path("MONITOR_FEEDS") or default.feeds,
        rules=env.path("MONITOR_RULES") or default.rules,
        db=env.path("MONITOR_DB") or default.db,
        smtp=_smtp(env),
        slack=_slack(env),
        poll_every=env.get("MONITOR_POLL_EVERY", values.duration, default.poll_every),
        alert_max_age=env.get("MONITOR_ALERT_MAX_AGE", values.duration, default.alert_max_age),
        retention=env.get("MONITOR_RETENTION", values.duration, default.retention),
        backup_dir=env.path("MONITOR_BACKUP_DIR"),
        backup_keep=env.number("MONITOR_BACKUP_KEEP", default.backup_keep, least=1, most=1000),
        concurrency=env.number("MONITOR_CONCURRENCY", default.concurrency, least=1, most=1000),
        user_agent=env.get("MONITOR_USER_AGENT", _header_text, default.user_agent),
        fetch_timeout=env.get("MONITOR_FETCH_TIMEOUT", values.duration, default.fetch_timeout),
        fetch_total=env.get("MONITOR_FETCH_TOTAL", values.duration, default.fetch_total),
        max_bytes=env.get("MONITOR_MAX_BYTES", _size, default.max_bytes),
        host_spacing=env.get("MONITOR_HOST_SPACING", _spacing, default.host_spacing),
        allow_networks=env.get("MONITOR_ALLOW_NETWORKS", _networks, default.allow_networks),
        log_level=env.get("MONITOR_LOG_LEVEL", lambda v: values.choice(v, LogLevel), default.log_level),
        log_format=env.get("MONITOR_LOG_FORMAT", lambda v: values.choice(v, LogFormat), default.log_format),
        heartbeat_url=env.get("MONITOR_HEARTBEAT_URL", secret_address, None),
        templates=env.path("MONITOR_TEMPLATES") or _templates_beside(env.path("MONITOR_RULES") or default.rules),
        listen=env.get("MONITOR_LISTEN", site.listen, None),
        public_url=env.get("MONITOR_PUBLIC_URL", site.public_url, ""),
        link_secret=env.get("MONITOR_LINK_SECRET", lambda value: Secret(site.link_secret(value)), None),
        webhooks=receivers.webhooks(env),
        apprise=receivers.apprise(env),
    )
    if env.has("MONITOR_PUBLIC_URL") and not env.has("MONITOR_LISTEN"):
        hint = "set MONITOR_LISTEN, e.g. to 127.0.0.1:8080, or take the address away"
        env.complain("MONITOR_PUBLIC_URL", "is set, but no site would answer there", hint)
    env.refuse_unknown()
    if env.problems:
        raise ConfigError(env.problems)
    return settings


def _templates_beside(rules: Path) -> Path | None:
    """The folder `templates` beside rules.yaml, if any template of a digest is in it."""
    folder = rules.parent / "templates"
    return folder if any(folder.glob("digest.*")) or (folder / "media.css").is_file() else None


def _smtp(env: Environment) -> Smtp | None:
    host = env.text("MONITOR_SMTP_HOST")
    sender = env.get("MONITOR_SMTP_FROM", _sender, "")
    security = env.get("MONITOR_SMTP_SECURITY", lambda v: values.choice(v, Security), Security.STARTTLS)
    port = env.number("MONITOR_SMTP_PORT", _PORTS[security], least=1, most=65535)
    user, password = env.text("MONITOR_SMTP_USER"), env.secret("MONITOR_SMTP_PASSWORD")
    if bool(user) != bool(password):
        missing = "MONITOR_SMTP_PASSWORD" if user else "MONITOR_SMTP_USER"
        env.complain(missing, "is missing: user and password go together", "set both, or neither")
    if not host:
        others = [name for name in env.given if name.startswith("MONITOR_SMTP_")]
        if others:
            env.complain("MONITOR_SMTP_HOST", f"is missing, while {others[0]} is set", "set the mail server's name")
        return None
    if not env.has("MONITOR_SMTP_FROM"):
        env.complain("MONITOR_SMTP_FROM", "is missing: mail needs a sender", "e.g. monitor@example.org")
    return Smtp(host, sender, port, security, user, password)


def _slack(env: Environment) -> Slack:
    hooks: dict[str, Secret] = {}
    for name in env.names("MONITOR_SLACK_WEBHOOK"):
        address = env.get(name, secret_address, None)
        if address:
            hooks[receivers.plain_name(name.removeprefix("MONITOR_SLACK_WEBHOOK").removeprefix("_"))] = address
    api_url = env.get("MONITOR_SLACK_API_URL", values.web_address, Slack().api_url)
    return Slack(env.secret("MONITOR_SLACK_TOKEN"), hooks, api_url.rstrip("/"))


def _sender(value: object) -> str:
    found = values.text(value)
    address = found[found.rfind("<") + 1 :].removesuffix(">")
    if not values.is_email(address) or "\n" in found:
        raise values.ComplaintError(f"{values.shown(found)} is no sender", "e.g. News monitor <monitor@example.org>")
    return found


def _header_text(value: object) -> str:
    found = values.text(value)
    if not found.isprintable() or not found.isascii() or not found:
        raise values.ComplaintError("must be one line of plain ASCII", "e.g. news-monitor (+https://example.org)")
    return found


def _size(value: object) -> int:
    match = re.fullmatch(r"(\d{1,12})\s*(|K|M|G)(i?B)?", values.text(value), re.IGNORECASE)
    size = int(match[1]) * 1024 ** " KMG".index(match[2].upper() or " ") if match else 0
    if size < 1024:
        raise values.ComplaintError(f"{values.shown(value)} is no size of at least 1 KiB", "e.g. 15M, or bytes")
    return size


def _spacing(value: object) -> timedelta:
    """Like a pause, and finer: `200ms`, `0.5s`."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s)", values.text(value).lower())
    return (
        timedelta(**{{"ms": "milliseconds", "s": "seconds"}[match[2]]: float(match[1])})
        if match
        else values.pause(value)
    )


def _whole_network(text: str) -> str:
    """`10.0.0.0/8` for `10.0.0.1/8`: the network in which such an address lies; empty where it is no address."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return ""


def _networks(value: object) -> tuple[Network, ...]:
    try:
        return parse_networks(values.text(value))
    except ValueError as error:
        part = str(error)
        words = " or ".join(f"`{word}`" for word in WORDS)
        hint = f"write networks such as 10.1.0.0/16 or fd12::/48, single addresses, {words}"
        if meant := _WORDS.get(part.lower()) or _whole_network(part):
            hint = f"did you mean `{meant}`?"
        raise values.ComplaintError(f"{values.shown(part)} is no network", hint) from None
