"""How a feed's server is approached: `user_agent`, `cookies`, `auth`, `proxy` and `tls` of a feed or of `defaults:`.

Any of their values may hold `${NAME}`, which comes from the environment: what is secret stays out of the file. No
complaint quotes a value that may be secret.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import Field

from monitor.adapters.config import values
from monitor.adapters.config.checking import Entry, Steps, Text
from monitor.adapters.config.values import ComplaintError
from monitor.core.model import Access
from monitor.errors import Problem

T = TypeVar("T")

PROXIES = ("http", "https", "socks5", "socks5h")  # SOCKS: either way the proxy resolves the name
_PROXY_HINT = "write it like http://host:3128, socks5://host:1080 or http://${PROXY_LOGIN}@host:3128"
_COOKIE_VALUE = re.compile(
    r"[!#-+\--:<-\[\]-~]*"
)  # RFC 6265, 4.1.1: no blanks, quotes, commas, semicolons, backslashes
# A header of the same meaning, which would be sent in place of the key.
_RIVALS = {"user_agent": "user-agent", "cookies": "cookie", "auth": "authorization"}


class AuthEntry(Entry):
    """A login: user name and password, or a token."""

    username: Text = ""
    password: Text = ""
    bearer: Text = ""


class TlsEntry(Entry):
    """How the server proves who it is."""

    verify: bool = True
    ca_file: Text = ""


class AccessEntry(Entry):
    """The keys that become an `Access`."""

    user_agent: Text = ""
    cookies: dict[str, Any] = Field(default_factory=dict)
    auth: AuthEntry | None = None
    proxy: Text = ""
    tls: TlsEntry | None = None


def access_of(
    entry: AccessEntry,
    headers: Mapping[str, str],
    path: Steps,
    environ: Mapping[str, str],
    problems: list[Problem],
) -> Access:
    """The keys of one feed as the model has them; complaints go to `problems`, their paths beginning with `path`."""

    def read(steps: Steps, get: Callable[[], T], default: T) -> T:
        try:
            return get()
        except ComplaintError as complaint:
            problems.append(Problem((*path, *steps), f"{steps[-1]}: {complaint}", complaint.hint))
            return default

    _refuse_rivals(entry, headers, path, problems)
    auth, tls = entry.auth or AuthEntry(), entry.tls or TlsEntry()
    if entry.auth:
        read(("auth",), lambda: _check_login(auth), None)
    return Access(
        user_agent=read(("user_agent",), lambda: _line(entry.user_agent, environ), ""),
        cookies={
            name: read(("cookies", name), lambda name=name, value=value: _cookie(name, value, environ), "")  # type: ignore[misc]
            for name, value in entry.cookies.items()
        },
        username=read(("auth", "username"), lambda: _user(auth.username, environ), ""),
        password=read(("auth", "password"), lambda: values.filled(auth.password, environ), ""),
        bearer=read(("auth", "bearer"), lambda: _line(auth.bearer, environ), ""),
        proxy=read(("proxy",), lambda: _proxy(entry.proxy, environ), ""),
        verify=tls.verify,
        ca_file=read(("tls", "ca_file"), lambda: _authorities(values.filled(tls.ca_file, environ)), ""),
    )


def _refuse_rivals(entry: AccessEntry, headers: Mapping[str, str], path: Steps, problems: list[Problem]) -> None:
    given = {name.lower(): name for name in headers}
    for key, header in _RIVALS.items():
        if getattr(entry, key) and header in given:
            found = f"{given[header]}: `{key}` says the same"
            problems.append(Problem((*path, "headers", given[header]), found, "keep one of them"))


def _check_login(auth: AuthEntry) -> None:
    if auth.bearer and (auth.username or auth.password):
        raise ComplaintError("has a token and a user name or password", "keep `bearer`, or `username` and `password`")
    if not auth.bearer and not auth.username:
        raise ComplaintError("has neither `username` nor `bearer`", "write username and password, or bearer")


def _user(template: str, environ: Mapping[str, str]) -> str:
    found = values.filled(template, environ)
    if ":" in found:
        raise ComplaintError("a user name can't hold a colon", "the part after it belongs to `password`")
    return found


def _line(template: str, environ: Mapping[str, str]) -> str:
    found = values.filled(template, environ)
    if not (found.isascii() and found.isprintable()):
        raise ComplaintError("must be one line of plain ASCII", "as it stands in an HTTP header")
    return found


def _cookie(name: str, value: object, environ: Mapping[str, str]) -> str:
    found = values.filled(values.text(value), environ)
    if not values.is_token(name):
        raise ComplaintError("can't be the name of a cookie", "letters, digits, `-` and `_`")
    if not _COOKIE_VALUE.fullmatch(found):
        raise ComplaintError(
            "a cookie can't hold blanks, quotes, commas or semicolons", "copy it as the browser shows it"
        )
    return found


def _proxy(template: str, environ: Mapping[str, str]) -> str:
    found = values.filled(template, environ)
    if not found:
        return ""
    try:
        url = httpx.URL(found)
    except (httpx.InvalidURL, ValueError):
        raise ComplaintError("is no address of a proxy", _PROXY_HINT) from None
    if url.scheme not in PROXIES or not url.host or url.port == 0 or url.path not in {"", "/"}:
        raise ComplaintError("is no address of a proxy", _PROXY_HINT)
    return found


def _authorities(text: str) -> str:
    if not text:
        return ""
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ComplaintError(f"{values.shown(text)} is no whole path", "begin it with /")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise ComplaintError(f"{path} holds no certificates", "it must hold them in PEM form") from None
    except OSError as error:
        raise ComplaintError(f"can't read {path}: {(error.strerror or '').lower()}", "check the path") from None
    return str(path)
