"""One stream with several listeners: each hears all of it, at its own pace, whenever it came.

A task of its own reads upstream, so that nobody's leaving or slowness is anybody else's affair. What has
been said is kept once: joined into long pieces where everybody has heard it, event by event only behind
that. As long as nobody at all keeps up, upstream is not read on.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from chat.gateway.errors import GatewayError, Truncated
from chat.gateway.events import Event, Finished, Queued, Reasoning, Started, Text, Usage
from grump.lib.tasks import end_tasks

BLOCK = 64  # events that are joined into one piece once everybody has heard them
LEAD = 1_000  # events that upstream may be ahead of the fastest listener

Opening = Coroutine[Any, Any, AsyncGenerator[Event, None]]


class Listener:
    __slots__ = ("at", "late", "woken")

    def __init__(self, at: int, late: bool) -> None:
        self.at = at  # how many of the recent events it has taken
        self.late = late  # it joined others
        self.woken: asyncio.Future[None] | None = None


class SharedStream:
    """`opening` comes to the stream; `ended()` is called once, when nobody may join any more."""

    def __init__(self, opening: Opening, ended: Callable[[], None]) -> None:
        self._past: list[Event] = []
        self._recent: list[Event] = []
        self._listeners: list[Listener] = []  # in the order in which they came
        self._payer: Listener | None = None
        self._over = False
        self._failure: Exception | None = None
        self._ended = ended
        self._room: asyncio.Future[None] | None = None  # set while upstream waits for a listener
        self._loop = asyncio.get_running_loop()
        self._reading = self._loop.create_task(self._read(opening), name="shared stream")

    async def listen(self) -> AsyncGenerator[Event, None]:
        """All events from the first on, text in as few pieces as it was waited for. Whoever leaves last
        closes upstream."""
        late = bool(self._listeners)
        listener = Listener(len(self._recent), late)
        self._listeners.append(listener)
        try:
            for event in _so_far(self._past + self._recent):
                yield self._told(event, listener)
            while True:
                recent = self._recent
                if listener.at < len(recent):
                    news = recent[listener.at :]
                    listener.at = len(recent)
                    self._heard(listener)
                    for event in news if len(news) == 1 else joined(news):
                        yield self._told(event, listener)
                elif self._over:
                    if isinstance(self._failure, GatewayError):
                        raise copy.copy(self._failure)  # each has a traceback of its own
                    if self._failure is not None:
                        raise self._failure
                    return
                else:
                    listener.woken = self._loop.create_future()
                    await listener.woken
        finally:
            await self._leave(listener)

    async def _read(self, opening: Opening) -> None:
        try:
            async with aclosing(await opening) as events:
                async for event in events:
                    if event.__class__ is Finished:
                        self._payer = self._listeners[0]
                    self._recent.append(event)
                    self._wake()
                    if len(self._recent) > LEAD:
                        await self._until_somebody_follows()
        except asyncio.CancelledError:
            self._failure = Truncated("The answer was interrupted.")
            raise
        except Exception as error:
            self._failure = error
        finally:
            self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._ended()
            self._wake()

    def _wake(self) -> None:
        for listener in self._listeners:
            if listener.woken is not None and not listener.woken.done():
                listener.woken.set_result(None)

    async def _until_somebody_follows(self) -> None:
        while len(self._recent) - max(listener.at for listener in self._listeners) > LEAD:
            self._room = self._loop.create_future()
            await self._room

    def _heard(self, listener: Listener) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if listener.at < BLOCK:
            return
        everybody = min(other.at for other in self._listeners)
        if everybody >= BLOCK:
            self._past += joined(self._recent[:everybody])
            del self._recent[:everybody]
            for other in self._listeners:
                other.at -= everybody

    def _told(self, event: Event, listener: Listener) -> Event:
        """Who joined is told so; the bill goes to one alone: whoever has listened longest at the end."""
        if isinstance(event, Started) and listener.late:
            return replace(event, cached="joined")
        if isinstance(event, Finished) and listener is not self._payer:
            return replace(event, usage=Usage())
        return event

    async def _leave(self, listener: Listener) -> None:
        self._listeners.remove(listener)
        if self._listeners or self._over:
            return
        self._end()  # at once: nobody joins what is being closed
        await end_tasks([self._reading])


def joined(events: Iterable[Event]) -> list[Event]:
    """The same, with neighbouring text in one piece. Pure."""
    whole: list[Event] = []
    parts: list[str] = []
    kind: type[Text] | type[Reasoning] = Text

    def close() -> None:
        if parts:
            whole.append(kind("".join(parts)))
            parts.clear()

    for event in events:
        if isinstance(event, Text | Reasoning):
            if event.__class__ is not kind:
                close()
                kind = event.__class__
            parts.append(event.text)
        else:
            close()
            whole.append(event)
    close()
    return whole


def _so_far(events: list[Event]) -> list[Event]:
    """What a latecomer hears at once: of the places in a line only the latest, and none that is past."""
    whole = joined(events)
    heard: list[Event] = [event for event in whole if not isinstance(event, Queued)]
    return heard or whole[-1:]
