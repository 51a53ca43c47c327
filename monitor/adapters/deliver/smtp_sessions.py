"""A few connections to one mail server, each used for one message after another.

A digest to fifty readers is fifty messages at one moment; servers take few connections from one place (Postfix 50,
others 5 to 20), and the handshake with TLS and login costs more than the message.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiosmtplib

MOST = 4  # connections at a time
IDLE = 3.0  # seconds that a connection is kept for another message
FAREWELL = 2.0  # seconds that the server gets to answer QUIT


class Sessions:
    """`connect` gives a session that is ready for a message: connected, encrypted and logged in, as may be needed."""

    def __init__(self, connect: Callable[[], Awaitable[aiosmtplib.SMTP]], *, most: int = MOST) -> None:
        self._connect = connect
        self._places = asyncio.Semaphore(most)
        self._idle: list[aiosmtplib.SMTP] = []
        self._curfew: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """One for this caller alone, as soon as there is a place. After an error it is not used again.

        Raises what `connect` does.
        """
        async with self._places:
            smtp = await self._ready()
            try:
                yield smtp
            except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused):
                await _quit(smtp)
                raise
            except BaseException:
                smtp.close()
                raise
            self._idle.append(smtp)
            self._wait_a_little()

    async def aclose(self) -> None:
        """Say goodbye on every connection that is not in use."""
        if self._curfew:
            self._curfew.cancel()
        idle, self._idle = self._idle, []
        await asyncio.gather(*map(_quit, idle), *self._farewells)

    async def _ready(self) -> aiosmtplib.SMTP:
        """One that waits, if it still answers; else a new one."""
        while self._idle:
            smtp = self._idle.pop()
            try:
                await smtp.rset()
                return smtp
            except (aiosmtplib.SMTPException, OSError):
                smtp.close()
            except BaseException:
                smtp.close()
                raise
        return await self._connect()

    def _wait_a_little(self) -> None:
        if self._curfew:
            self._curfew.cancel()
        self._curfew = asyncio.get_running_loop().call_later(IDLE, self._part)

    def _part(self) -> None:
        idle, self._idle = self._idle, []
        for smtp in idle:
            task = asyncio.create_task(_quit(smtp))
            self._farewells.add(task)
            task.add_done_callback(self._farewells.discard)


async def _quit(smtp: aiosmtplib.SMTP) -> None:
    """End a session in an orderly way, without waiting long for it."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        if smtp.is_connected:
            await smtp.quit(timeout=FAREWELL)
    smtp.close()
