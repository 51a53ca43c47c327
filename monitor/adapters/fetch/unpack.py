"""Takes gzip, deflate, br and zstd off a body, never giving more than a limit. Pure.

httpx would do it chunk by chunk, but each chunk without bound: 64 KiB of brotli can hold gigabytes.
"""

import zlib
from collections.abc import Sequence
from io import BytesIO

import brotli
import zstandard

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_LAYERS = 3
# Feeds shrink to a fifth or a tenth; gzip can shrink zeros to a thousandth, brotli and zstd to much less.
_RATIO = 200
_HARMLESS = 1024 * 1024  # bytes unpacked, up to which the ratio does not matter
_SLICE = 4096  # bytes; after the end of a gzip member zlib copies all it was given, and there may be a million


class UnpackError(Exception):
    """The body is not what its Content-Encoding says; `str()` says how, for the operator."""


class TooMuchError(Exception):
    """The unpacked body is larger than the limit."""


class RatioError(Exception):
    """The body unpacks to more times its size than any document does; `str()` says so, for the operator."""


def unpack(body: bytes, encodings: Sequence[str], limit: int, *, cut_short: bool = False) -> bytes:
    """The body with `encodings` (outermost first) taken off; at most `limit` bytes.

    Servers that promise a coding and send plain text, or send gzip without saying so, are understood. With
    `cut_short` what can be unpacked of an incomplete body is given. Raises TooMuchError, RatioError, UnpackError.
    """
    names = list(encodings) or (["gzip"] if body.startswith(_GZIP) else [])
    if len(names) > _LAYERS:
        raise UnpackError(f"the body is packed {len(names)} times over")
    likely = max(_HARMLESS, _RATIO * len(body))
    try:
        for name in names:
            body = _unpack_one(body, name, min(limit, likely), cut_short)
        if len(body) > limit:
            raise TooMuchError
    except TooMuchError:
        if likely < limit:
            raise RatioError(f"the document unpacks to more than {_RATIO} times its size: a trap, no feed") from None
        raise
    return body


def _unpack_one(body: bytes, name: str, limit: int, cut_short: bool) -> bytes:
    try:
        match name:
            case "gzip" | "x-gzip":
                return _inflate(body, zlib.MAX_WBITS | 16, limit, cut_short) if body.startswith(_GZIP) else body
            case "deflate":
                return _deflated(body, limit, cut_short)
            case "br":
                return _brotli(body, limit, cut_short)
            case "zstd":
                return _zstd(body, limit, cut_short) if body.startswith(_ZSTD) else body
            case _:
                raise UnpackError(f"the body is packed with “{name[:20]}”, which was not asked for")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise UnpackError(f"the body claims to be packed with {name}, but is damaged") from error


def _inflate(body: bytes, window: int, limit: int, cut_short: bool) -> bytes:
    pieces, size, at = [], 0, 0
    stream = zlib.decompressobj(window)
    while at < len(body):
        piece = stream.decompress(body[at : at + _SLICE], limit + 1 - size)
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise TooMuchError
        at = min(at + _SLICE, len(body)) - len(stream.unused_data)
        if stream.eof:
            if not body.startswith(_GZIP, at):
                break
            stream = zlib.decompressobj(window)  # gzip files may be laid end to end
    if body and not stream.eof and not cut_short:
        raise UnpackError("the packed body ends too early")
    return b"".join(pieces)


def _deflated(body: bytes, limit: int, cut_short: bool) -> bytes:
    try:
        return _inflate(body, zlib.MAX_WBITS, limit, cut_short)
    except zlib.error:  # some servers leave out the zlib frame
        return _inflate(body, -zlib.MAX_WBITS, limit, cut_short)


def _brotli(body: bytes, limit: int, cut_short: bool) -> bytes:
    stream = brotli.Decompressor()
    pieces = [stream.process(body, output_buffer_limit=limit + 1)]
    size = len(pieces[0])
    while size <= limit and not stream.is_finished():
        more = stream.process(b"", output_buffer_limit=limit + 1 - size)
        if not more:
            break
        pieces.append(more)
        size += len(more)
    if size > limit:
        raise TooMuchError
    if not stream.is_finished() and not cut_short:
        raise UnpackError("the packed body ends too early")
    return b"".join(pieces)


def _zstd(body: bytes, limit: int, cut_short: bool) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(BytesIO(body), read_across_frames=True)
    plain = bytes(reader.read(limit + 1))
    if len(plain) > limit:
        raise TooMuchError
    if not plain and not cut_short:
        raise UnpackError("the packed body ends too early")
    return plain
