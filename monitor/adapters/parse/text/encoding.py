"""Finds out in which encoding a document really is, when header, byte-order mark, declaration and content disagree.

In short: what the user set; else what decodes without error and reads like a language, the document's own claims first.
"""

import codecs
import re
from dataclasses import dataclass

from monitor.adapters.parse.text.legibility import legibility

# What browsers read these labels as: the larger set that real documents use under the smaller one's name.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "koi8-r": "koi8-u",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_ALIASES = {
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "cp-1251": "cp1251",
    "windows1251": "cp1251",
    "x-cp1251": "cp1251",
    "windows-936": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb-2312": "gb18030",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "ks_c_5601-1987": "cp949",
    "x-windows-949": "cp949",
    "windows-949": "cp949",
    "x-big5": "big5hkscs",
    "utf8mb4": "utf-8",
    "unicode": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "iso-10646-ucs-4": "utf-32",
}
_REFUSED = {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
# In the order of preference where several read equally well.
_GUESSES = ("cp1251", "gb18030", "cp1252", "koi8-u", "big5hkscs", "cp949", "euc_jp", "cp932")
_UNLIKELY_GUESSES = ("iso8859-5", "cp866", "iso8859-2", "cp1253", "cp1254", "cp874")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:+-]+)""", re.IGNORECASE)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:+-]+)\s*["']""", re.IGNORECASE)
_META = re.compile(rb"""<meta\b[^<>]{0,300}?charset\s*=\s*["']?\s*([\w.:+-]+)""", re.IGNORECASE)
_PAGE = re.compile(rb"""\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|meta)\b""", re.IGNORECASE | re.DOTALL)
_SAMPLE = 120_000
_LONGEST_LABEL = 30
_LEGIBLE = 0.6
_UNLIKELY = 0.7
_MUCH_BETTER = 0.2
_FEW_MULTIBYTE = 40


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as text, without byte-order mark. `notes` say what was odd, in words."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who says it (in words), the label as written, and Python's codec for it (None: unknown label)."""

    source: str
    label: str
    codec: str | None

    def __str__(self) -> str:
        return f"{self.source} says {self.label[:_LONGEST_LABEL]}"


def decode(body: bytes, content_type: str = "", override: str | None = None) -> Decoded:
    """The text of `body`; `content_type` is the HTTP header, `override` the user's word, which is final.

    Never fails: what can't be decoded becomes U+FFFD, and a note says so.
    """
    if override and (codec := codec_of(override)):
        return _decoded(body, codec)
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _decoded(body, codec)
    if codec := _wide_codec(body):
        return _decoded(body, codec)
    claims = _claims(body, content_type)
    return _as_utf8(body, claims) or _as_legacy(body, claims)


def codec_of(label: str) -> str | None:
    """Python's name of the codec that a label stands for on the web; None: unknown or not to be trusted."""
    label = label.strip().lower()
    try:
        info = codecs.lookup(_ALIASES.get(label, label))
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name.replace("-", "_") in {name.replace("-", "_") for name in _REFUSED}:
        return None
    return _WIDER.get(info.name, info.name)


def _claims(body: bytes, content_type: str) -> list[_Claim]:
    found = []
    if match := _CHARSET.search(content_type):
        found.append(_Claim("the HTTP header", match[1], codec_of(match[1])))
    if declared := _DECLARED.match(body) or (_PAGE.match(body[:4096]) and _META.search(body[:4096])):
        label = declared[1].decode("ascii", "replace")
        found.append(_Claim("the document", label, codec_of(label)))
    return found


def _wide_codec(body: bytes) -> str | None:
    """UTF-16 and UTF-32 without a mark, known by where the zero bytes of the first “<” or “{” are."""
    start = body[:4]
    if len(start) < 4 or 0 not in start:
        return None
    pattern = (not start[0], not start[1], not start[2], not start[3])
    return {
        (True, True, True, False): "utf-32-be",
        (False, True, True, True): "utf-32-le",
        (True, False, True, False): "utf-16-be",
        (False, True, False, True): "utf-16-le",
        (True, False, False, False): "utf-16-be",
        (False, True, False, False): "utf-16-le",
    }.get(pattern)


def _as_utf8(body: bytes, claims: list[_Claim]) -> Decoded | None:
    """The document as UTF-8, if it is: nothing else looks like it by chance for more than a few characters."""
    if body.isascii():
        escaped = next((c.codec for c in claims if c.codec and c.codec.startswith(("iso2022", "hz"))), None)
        return _decoded(body, escaped) if escaped else Decoded(body.decode("ascii"), "ascii")
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    few = broken or len(body) - len(text) < 4 * _FEW_MULTIBYTE
    foreign = len(text) - len(text.encode("ascii", "ignore")) if few else 0
    others = [claim for claim in claims if claim.codec not in {"utf-8", None}]
    if broken:
        if broken * 5 > foreign:  # more than a cut or broken character here and there
            return None
        return Decoded(text, "utf-8", (f"UTF-8 with {broken} broken characters",))
    if others and foreign and foreign < _FEW_MULTIBYTE and all(c.codec != "utf-8" for c in claims):
        rival = body.decode(others[0].codec or "", "replace")
        if legibility(rival) > legibility(text) + _MUCH_BETTER / 2:
            return None
    return Decoded(text, "utf-8", tuple(f"{claim}, but it is UTF-8" for claim in others[:1]))


def _as_legacy(body: bytes, claims: list[_Claim]) -> Decoded:
    sample = body[:_SAMPLE]
    claimed = [claim.codec for claim in claims if claim.codec and claim.codec != "utf-8"]
    scores = {codec: _score(sample, codec) for codec in dict.fromkeys(claimed)}
    best = max(scores, key=lambda codec: scores[codec], default=None)
    if best is None or scores[best] < _LEGIBLE:
        guesses = {codec: _score(sample, codec) for codec in _GUESSES if codec not in scores}
        guesses |= {codec: _UNLIKELY * _score(sample, codec) for codec in _UNLIKELY_GUESSES if codec not in scores}
        guess = max(guesses, key=lambda codec: guesses[codec])
        if best is None or guesses[guess] > scores[best] + _MUCH_BETTER:
            best = guess
    notes = [f"{claim}, but it reads as {best}" for claim in claims if claim.codec != best]
    if not claims:
        notes.append(f"no encoding declared; it reads as {best}")
    decoded = _decoded(body, best)
    return Decoded(decoded.text, best, (*notes[:1], *decoded.notes))


def _score(sample: bytes, codec: str) -> float:
    return legibility(sample.decode(codec, "replace"))


def _decoded(body: bytes, codec: str) -> Decoded:
    text = body.decode(codec, "replace").removeprefix("\ufeff")
    broken = text.count("\ufffd") - body.count("\ufffd".encode()) if codec == "utf-8" else text.count("\ufffd")
    notes = (f"{codec} with {broken} broken characters",) if broken > 0 else ()
    return Decoded(text, codec, notes)
