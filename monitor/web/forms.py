"""What a small form says, in either of the two ways in which browsers and mail programs send one."""

from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import parse_qsl

from aiohttp import web

_MOST = 20  # fields


class BadFormError(Exception):
    """The body is no form that we could read."""


async def form(request: web.BaseRequest) -> dict[str, str]:
    """The fields of a request's body, the first of each name; empty where the body is.

    Raises BadFormError, and HTTPRequestEntityTooLarge for a body beyond the server's limit. Mail programs may use both
    ways (RFC 8058, section 3.2).
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadFormError
    try:
        body = await request.read()
    except web.HTTPException:
        raise
    except Exception as error:  # of whatever kind aiohttp finds for a body that is cut or wrongly chunked
        raise BadFormError from error
    kind = request.headers.get("Content-Type", "")
    try:
        pairs = _parts(kind, body) if kind.lower().startswith("multipart/form-data") else _pairs(body)
    except Exception as error:  # the email package raises many kinds on hostile input
        raise BadFormError from error
    return dict(reversed(pairs))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST)


def _parts(kind: str, body: bytes) -> list[tuple[str, str]]:
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
    found: list[tuple[str, str]] = []
    for part in list(whole.iter_parts())[:_MOST]:
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found.append((name, content.decode()))
    return found
