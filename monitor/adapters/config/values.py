"""What single values in the YAML files and the environment mean, and the complaint when they mean nothing.

Each function takes what the YAML reader gives and returns the value for the model, or raises ComplaintError.
"""

import codecs
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from monitor.core.languagetags import meant_language
from monitor.core.model import Target
from monitor.core.suggest import suggestion
from monitor.core.zones import check_timezone

Choice = TypeVar("Choice", bound=StrEnum)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d{1,9}\s*[smhdw]\s*)+")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LANGUAGE = re.compile(r"(?P<language>[A-Za-z]{2,3})(-(?P<script>[A-Za-z]{4}))?(-(?P<region>[A-Za-z]{2}|\d{3}))?")
_EMAIL = re.compile(
    r"[^@\s<>()\[\],;:\"\\]{1,64}@([A-Za-z0-9\u0080-\U0010ffff]([\w-]*[A-Za-z0-9\u0080-\U0010ffff])?\.?)+"
)
_COMMAS = re.compile("[,;\uff0c\u3001\uff1b]")  # also the Chinese ones
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LACKS = {
    "slack": ("channel", "slack:#channel, or slack:name for a webhook"),
    "webhook": ("name", "webhook:name"),
    "apprise": ("name", "apprise:name"),
    "atom": ("file", "atom:out/hits.xml"),
    "file": ("folder", "file:folder"),
}
_DOCUMENT = re.compile(r"\.(html?|txt|json|xml|atom|md|log)$", re.IGNORECASE)  # names of files, hardly of folders
CHANNELS = ("email", "slack", "webhook", "apprise", "atom", "file", "console")


class ComplaintError(ValueError):
    """A value that can't be used; `hint` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def shown(value: object) -> str:
    """A value as a complaint quotes it: short, and as YAML writes it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}…`"


def text(value: object) -> str:
    """Text, without surrounding blanks."""
    if value is None:
        raise ComplaintError("the value is missing", "write one, or remove the line")
    if isinstance(value, str):
        return value.strip()
    quoted = isinstance(value, (int, float))
    raise ComplaintError(f"must be text, not {shown(value)}", "put it in quotes" if quoted else "")


def check_single(value: object, *, whole: bool) -> None:
    """Complain of several values written as one, with commas between.

    `whole`: it is all there is, where a list could stand; else it is one entry of a list.
    """
    parts = [part.strip() for part in _COMMAS.split(value)] if isinstance(value, str) else []
    parts = [part for part in parts if part]
    if len(parts) < 2 or (not whole and parts[0].lower().startswith(("file:", "atom:"))):  # a path may hold them
        return
    if "email:" in parts[0]:
        parts = [f"email:{part}" if ":" not in part and is_email(part) else part for part in parts]
    written = ", ".join(as_yaml(part) for part in parts)
    hint = f"write a list: [{written}]" if whole else f"write them apart: {written}"
    raise ComplaintError(f"{shown(value)} is one text with commas", hint)


def as_yaml(part: str) -> str:
    """A text as it can stand in a list in [ ]: in quotes where YAML would read it otherwise."""
    plain = re.fullmatch(r"(?!-\s)[\w/.~+-]([^,\[\]{}\"'#:]|:(?=\S)|(?<=\S)#)*", part)
    return part if plain else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def identifier(value: object) -> str:
    """An id: lasting, fit for a command line."""
    found = text(value)
    if not _ID.fullmatch(found):
        raise ComplaintError(
            f"{shown(found)} can't be an id", "use up to 64 letters a-z, digits, `-`, `_` and `.`, e.g. tass-ru"
        )
    return found


def duration(value: object) -> timedelta:
    """`90s`, `10m`, `1h`, `1h30m`, `2d`, `1w`; more than zero."""
    total = pause(value)
    if not total:
        raise ComplaintError("must be longer than nothing", "e.g. 90s, 10m or 1h")
    return total


def pause(value: object) -> timedelta:
    """Like `duration`, but may be `0s`."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ComplaintError(f"{value} of what?", f"add the unit: {value}s, {value}m, {value}h or {value}d")
    found = text(value).lower()
    if not _DURATION.fullmatch(found):
        raise ComplaintError(f"{shown(value)} is no duration", "write a number with its unit: 90s, 10m, 1h or 1d")
    total = timedelta()
    try:
        for number, unit in re.findall(r"(\d+)\s*([smhdw])", found):
            total += timedelta(**{_UNITS[unit]: int(number)})
    except OverflowError:
        raise ComplaintError(
            f"{shown(value)} is too long", "write a number with its unit: 90s, 10m, 1h or 1d"
        ) from None
    return total


def timezone(value: object) -> str:
    """The name of a zone in the IANA database."""
    found = text(value)
    if complaint := check_timezone(found):
        raise ComplaintError(complaint)
    return found


def language(value: object) -> str:
    """A BCP 47 tag in its usual letter case: `ru`, `zh-Hant`, `pt-BR`."""
    found = text(value).replace("_", "-")
    better = meant_language(found) or meant_language(found.partition("-")[0])
    match = _LANGUAGE.fullmatch(found)
    if better or not match:
        hint = f"did you mean `{better}`?" if better else "write a BCP 47 tag: ru, en, zh, zh-Hant …"
        raise ComplaintError(f"{shown(found)} is no language code", hint)
    parts = (match["language"].lower(), (match["script"] or "").title(), (match["region"] or "").upper())
    return "-".join(part for part in parts if part)


def country(value: object) -> str:
    """An ISO 3166-1 alpha-2 code in capitals."""
    found = text(value).upper()
    if not re.fullmatch("[A-Z]{2}", found) or found == "UK":
        hint = "did you mean `GB`?" if found == "UK" else "write two letters of ISO 3166: RU, CN, JP …"
        raise ComplaintError(f"{shown(text(value))} is no country code", hint)
    return found


def encoding(value: object) -> str:
    """The name of a character encoding that Python knows."""
    found = text(value)
    try:
        "".encode(found)
    except (LookupError, ValueError):
        known = ("windows-1251", "koi8-r", "utf-8", "gb18030", "gbk", "big5", "shift_jis", "euc-jp", "euc-kr")
        complaint = f"{shown(found)} is no character encoding{suggestion(found, known)}"
        raise ComplaintError(complaint, f"such as {', '.join(known)}") from None
    return codecs.lookup(found).name


def web_address(value: object) -> str:
    """An http(s) address without user name and password."""
    found = text(value)
    if re.match(r"[a-z+]*:?//[^/?#]*@", found):
        raise ComplaintError(
            "the address holds a user name or password",
            "use `auth:` with username and password, such as ${FEED_PASSWORD}",
        )
    try:
        parts = urlsplit(found)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ComplaintError(f"{shown(found)} is no web address: {error}", "write it like https://host/path") from None
    if parts.scheme not in {"http", "https"} or not host:
        guess = (
            f"did you mean `https://{found.lstrip('/')}`?" if re.match(r"(//)?[\w-]+(\.[\w-]+)+(/|$)", found) else ""
        )
        raise ComplaintError(f"{shown(found)} is no web address", guess or "write it like https://host/path")
    if re.search(r"[\s\x00-\x1f]", found) or port == 0:
        raise ComplaintError("the address holds a blank or an impossible port", "write it like https://host/path")
    return found


def choice(value: object, kind: type[Choice]) -> Choice:
    """One of an enumeration's words."""
    found = text(value)
    if found.lower() in set(kind):
        return kind(found.lower())
    raise ComplaintError(f"{shown(found)} is not known here{suggestion(found, kind)}", f"one of {', '.join(kind)}")


class HiddenText(str):
    """Text made from a secret: fit for use, but it does not show in the `repr` of what holds it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


def header(name: str, value: object, environ: Mapping[str, str]) -> str:
    """The value of an HTTP header; `${NAME}` stands for an environment variable, which must be set."""
    if not is_token(name):
        raise ComplaintError(f"`{name}` can't be the name of an HTTP header", "letters, digits and `-`")
    return filled(text(value), environ)


def filled(template: str, environ: Mapping[str, str]) -> str:
    """A line of text with the environment's values in place of `${NAME}`; then it does not show in a `repr`."""
    missing = [found for found in _VARIABLE.findall(template) if not environ.get(found)]
    if missing:
        raise ComplaintError(
            f"the environment variable {missing[0]} is not set", "set it before starting, or mend its name"
        )
    found = _VARIABLE.sub(lambda match: environ[match[1]], template)
    if re.search(r"[\r\n\x00]", found):
        raise ComplaintError("must be a single line", "check the environment variable for a line break")
    return HiddenText(found) if found != template else found


def is_token(text: str) -> bool:
    """Whether HTTP takes it as the name of a header or cookie."""
    return bool(_HEADER.fullmatch(text))


def is_email(address: str) -> bool:
    """Whether this is one plain address, `name@host`."""
    return bool(_EMAIL.fullmatch(address))


def target(value: object) -> Target:
    """Where a digest goes: `email:address`, `slack:#channel` or `slack:name`, `webhook:name` … `console:`."""
    found = text(value)
    channel, colon, address = found.partition(":")
    channel, address = channel.strip().lower(), address.strip()
    if not colon or channel not in CHANNELS:
        if not colon and "@" in found:
            hint = f"did you mean `email:{found}`?" if not found.startswith("@") else "write email:name@host"
        elif found.startswith("#"):
            hint = f'did you mean "slack:{found}"?'
        else:
            hint = (
                "write email:name@host, slack:#channel, webhook:name, apprise:name, atom:file, file:folder or console:"
            )
        close = suggestion(channel, CHANNELS) if colon else ""
        raise ComplaintError(f"{shown(found)} is no place to send to{close}", hint)
    if channel == "email" and not is_email(address):
        raise ComplaintError(f"{shown(address)} is no email address", "write one address an entry: email:name@host")
    if not address and channel in _LACKS:
        what, example = _LACKS[channel]
        raise ComplaintError(f"`{channel}:` lacks its {what}", f"write {example}")
    if channel in {"webhook", "apprise"} and not _ID.fullmatch(address):
        variable = f"MONITOR_{channel.upper()}_"
        raise ComplaintError(
            f"{shown(address)} is no name", f"write {channel}:name; the address itself stands in {variable}NAME"
        )
    if channel == "atom" and (address in {".", ".."} or address.endswith(("/", "/.", "/.."))):
        raise ComplaintError(f"{shown(found)} is a folder", f"name a file in it: atom:{address.rstrip('/')}/hits.xml")
    if channel == "file" and _DOCUMENT.search(address):
        folder = address.rpartition("/")[0] or "out"
        hint = f"write file:{folder}/; the files in it are named after digest and time"
        raise ComplaintError(f"{shown(found)} is a file, where a folder is needed", hint)
    if channel == "console" and address:
        raise ComplaintError("`console:` takes no address", "write `console:`")
    return Target(channel, address)
