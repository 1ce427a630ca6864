"""What waits to be sent on one socket: put without waiting, sent in order by one task, bounded.

A reader slower than the stream must not make the server remember everything for it: past the bound the
waiting frames are dropped and the socket is closed with CLOSE_TOO_SLOW; the page reconnects and resumes
from the number it last saw, so nothing is lost but time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from chat.metrics import TURNED_AWAY

MAX_WAITING = 4 * 1024 * 1024  # characters
CLOSE_RESTART = 4503  # this process ends: another one takes the page, at once
CLOSE_CROWDED = 4429  # as many sockets as this process, or this user, may have
CLOSE_NOBODY = 4401  # no session: the page has to be loaded first
CLOSE_REVOKED = 4403  # logged out, deactivated, or the password changed
CLOSE_TOO_SLOW = 4408


class Outbox:
    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        shut: Callable[[int], Awaitable[None]],
        *,
        most: int = MAX_WAITING,
    ) -> None:
        self._send = send
        self._shut = shut
        self._code = 0
        self._most = most
        self._waiting: deque[str] = deque()
        self._size = 0
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    def open(self) -> None:
        self._task = asyncio.create_task(self._drain(), name="outbox")

    def put(self, frame: str) -> None:
        """Queue one encoded frame. After `close` it is dropped in silence: the socket has gone."""
        if self.closed:
            return
        self._waiting.append(frame)
        self._size += len(frame)
        if self._size > self._most:
            self._waiting.clear()
            TURNED_AWAY.labels("slow").inc()
            self.finish(CLOSE_TOO_SLOW)
        self._stirred.set()

    def finish(self, code: int) -> None:
        """Send what waits, then close the socket with `code`."""
        self.closed = True
        self._code = code
        self._stirred.set()

    def close(self) -> None:
        self.closed = True
        if self._task is not None:
            self._task.cancel()

    async def _drain(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while self._waiting:
                frame = self._waiting.popleft()
                self._size -= len(frame)
                await self._send(frame)
            if self.closed:
                await self._shut(self._code)
                return
