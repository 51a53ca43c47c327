"""A dead-man's switch: asks one address as long as all is well, so that whoever listens there notices silence."""

import httpx

from monitor.errors import MonitorError


class Heartbeat:
    """`url` is secret: whoever knows it can feign our health. It is in no message."""

    def __init__(self, url: str, *, user_agent: str, timeout: float = 10.0) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=timeout, headers={"User-Agent": user_agent})

    async def ping(self) -> None:
        """Say that all is well. Raises MonitorError when it was not heard."""
        try:
            (await self._client.get(self._url)).raise_for_status()
        except httpx.HTTPStatusError as error:
            raise MonitorError(f"MONITOR_HEARTBEAT_URL answered {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise MonitorError(f"MONITOR_HEARTBEAT_URL can't be reached: {type(error).__name__}") from None

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()
