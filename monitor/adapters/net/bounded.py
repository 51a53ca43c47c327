"""For small answers, as those of webhooks: neither their size nor their slowness can do harm."""

import asyncio

import httpx

LONGEST = 256 * 1024  # bytes of an answer
TOTAL = 30.0  # seconds for a request with its answer


class BoundedTransport(httpx.AsyncBaseTransport):
    """Hands requests on to `inner`, closed with it, and gives answers when they are whole.

    An answer must come within `total` seconds, hold at most `longest` bytes and not be packed: a client would unpack it
    without bound. Raises httpx.ReadTimeout, else httpx.RemoteProtocolError, and whatever `inner` raises.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, *, longest: int = LONGEST, total: float = TOTAL) -> None:
        self._inner = inner
        self._longest = longest
        self._total = total

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and give the answer with its body."""
        request.headers["Accept-Encoding"] = "identity"
        try:
            async with asyncio.timeout(self._total):
                return await self._answer(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no whole answer within {self._total:g} s") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise httpx.RemoteProtocolError("the answer is packed, which was not asked for")
            body = bytearray()
            async for piece in stream:
                body += piece
                if len(body) > self._longest:
                    raise httpx.RemoteProtocolError("the answer is too large")
        finally:
            await stream.aclose()
        return httpx.Response(response.status_code, headers=response.headers, content=bytes(body))
