"""Whether this process is about to end: it accepts nobody new, and finishes what it has.

One object a process. Whoever serves looks at `leaving.begun`; who runs the server calls `begin`, and waits
for `idle` before it ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


class Leaving:
    def __init__(self) -> None:
        self.begun = False
        self._answering = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        self.begun = True

    def entered(self) -> None:
        self._answering += 1
        self._idle.clear()

    def left(self) -> None:
        self._answering -= 1
        if not self._answering:
            self._idle.set()

    async def idle(self) -> None:
        """Until no HTTP request is being answered."""
        await self._idle.wait()


leaving = Leaving()


class Counted:
    """An ASGI wrapper that counts the HTTP requests being answered, streamed ones to their end."""

    def __init__(self, app: App, count: Leaving = leaving) -> None:
        self.app = app
        self.count = count

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.count.entered()
        try:
            await self.app(scope, receive, send)
        finally:
            self.count.left()
