"""Bytes of a configuration file → text, or the complaint why not. Knows nothing of YAML."""

from pathlib import Path

from charset_normalizer import from_bytes

from monitor.errors import Problem

MAX_BYTES = 8 * 1024 * 1024
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


def _likely_encoding(raw: bytes) -> str:
    # Whole lines around the first strange bytes say more than the ASCII that most of such a file is.
    telling = b"\n".join(line for line in raw.splitlines() if not line.isascii())[:20_000]
    best = from_bytes(telling, cp_isolation=["cp1251", "koi8_r", "gb18030", "big5", "shift_jis", "cp1252"]).best()
    names = {"cp1251": "windows-1251", "cp1252": "windows-1252", "koi8_r": "KOI8-R", "shift_jis": "Shift_JIS"}
    return names.get(best.encoding, best.encoding.upper()) if best else ""
