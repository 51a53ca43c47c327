"""A dead-man's switch: asks one address as long as all is well, so that whoever listens there notices silence."""

import httpx

from monitor.errors import AddressRefusedError, MonitorError


class Heartbeat:
    """`url` is secret: whoever knows it can feign our health. It is in no message.

    `transport` takes the place of httpx's own and is closed with the heartbeat; `timeout` is in seconds.
    """

    def __init__(
        self, url: str, *, user_agent: str, timeout: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url
        self._client = httpx.AsyncClient(transport=transport, timeout=timeout, headers={"User-Agent": user_agent})

    async def ping(self) -> None:
        """Say that all is well. Raises MonitorError when it was not heard."""
        try:
            (await self._client.get(self._url)).raise_for_status()
        except AddressRefusedError as error:
            raise MonitorError(f"MONITOR_HEARTBEAT_URL is not asked: {error}") from None
        except httpx.HTTPStatusError as error:
            raise MonitorError(f"MONITOR_HEARTBEAT_URL answered {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise MonitorError(f"MONITOR_HEARTBEAT_URL can't be reached: {type(error).__name__}") from None

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()
