"""Bytes of a configuration file → text, or the complaint why not. Knows nothing of YAML."""

import re
from collections.abc import Sequence
from pathlib import Path

from charset_normalizer import from_bytes

from monitor.errors import Problem

MAX_BYTES = 8 * 1024 * 1024
_ENOUGH = 60  # bytes beyond ASCII, with fewer of which statistics guess wildly
_FOREIGN = re.compile(rb"[\x80-\xff]+")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str | Problem:
    """The file's text, decoded as UTF-8 (a byte order mark is fine). Never raises for what stands in the file."""
    try:
        if path.is_dir():
            return _about(path, "is a folder, not a file", "name the YAML file in it")
        size = path.stat().st_size
        if size > max_bytes:
            return _about(
                path, f"is {size / 2**20:.1f} MiB; the limit is {max_bytes / 2**20:.0f} MiB", "split the file"
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        return _about(path, "there is no such file", "check the path, or run `monitor init` to start from a sample")
    except OSError as error:
        return _about(path, f"can't be read: {error.strerror}", "check the file and its permissions")
    if raw[:2] not in _UTF16 and (codec := _utf16_without_mark(raw)):
        hint = f"save it as UTF-8, e.g. iconv -f {codec} -t UTF-8"
        return Problem((), f"is not UTF-8: the file looks like {codec}", hint, file=str(path), line=1, column=1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _undecodable(path, raw, error)


def _about(path: Path, message: str, hint: str) -> Problem:
    return Problem((), message, hint, file=str(path))


def _undecodable(path: Path, raw: bytes, error: UnicodeDecodeError) -> Problem:
    before = raw[: error.start]
    line_start = before.rfind(b"\n") + 1
    guess = "UTF-16" if raw[:2] in _UTF16 else _likely_encoding(raw)
    return Problem(
        (),
        f"is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}"
        + (f"; the file looks like {guess}" if guess else ""),
        "save it as UTF-8" + (f", e.g. iconv -f {guess} -t UTF-8" if guess else ""),
        file=str(path),
        line=before.count(b"\n") + 1,
        column=len(before[line_start:].decode("utf-8", "replace")) + 1,
    )


def _utf16_without_mark(raw: bytes) -> str:
    """UTF-16LE or UTF-16BE where the characters at the beginning have a zero byte each, else empty."""
    start = raw[:200]
    for codec, zeros in (("UTF-16LE", start[1::2]), ("UTF-16BE", start[::2])):
        if len(zeros) >= 4 and zeros.count(0) > 0.4 * len(zeros):
            return codec
    return ""


def _likely_encoding(raw: bytes) -> str:
    """The encoding's name, or the empty string where the text is too short to tell: a wrong name sends astray."""
    # Whole lines around the first strange bytes say more than the ASCII that most of such a file is.
    telling = b"\n".join(line for line in raw.splitlines() if not line.isascii())[:20_000]
    runs: list[bytes] = _FOREIGN.findall(telling)
    if (found := _cyrillic(runs) or _simplified_chinese(runs)) or len(b"".join(runs)) < _ENOUGH:
        return found
    best = from_bytes(telling, cp_isolation=["cp1251", "koi8_r", "gb18030", "big5", "shift_jis", "cp1252"]).best()
    names = {"cp1251": "windows-1251", "cp1252": "windows-1252", "koi8_r": "KOI8-R", "shift_jis": "Shift_JIS"}
    return names.get(best.encoding, best.encoding.upper()) if best else ""


def _cyrillic(runs: Sequence[bytes]) -> str:
    """Words, nearly all letters, most of them small: these stand in the last 32 places, or in KOI8 before them."""
    joined = b"".join(runs)
    letters = sum(byte >= 0xC0 for byte in joined)
    if len(joined) < 8 or letters < 0.95 * len(joined) or len(joined) < 3 * len(runs):
        return ""
    small = sum(byte >= 0xE0 for byte in joined) / len(joined)
    return "windows-1251" if small > 0.7 else "KOI8-R" if small < 0.3 else ""


def _simplified_chinese(runs: Sequence[bytes]) -> str:
    """Pairs whose second byte is never an ASCII one, most of them from the rows of common characters."""
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run), 2)]
    if len(pairs) < 6 or any(len(pair) < 2 or pair[0] < 0xA1 or pair[1] < 0xA1 for pair in pairs):
        return ""
    common = sum(0xB0 <= pair[0] <= 0xD7 for pair in pairs)
    return "GB18030" if common > 0.7 * len(pairs) else ""
