"""The clock of one stream: bounds every wait for the next event with one timer for all of them.

`asyncio.timeout` around each event would make and cancel a timer a token. Here a wait only writes down
when it is due; the timer looks at that when it rings, and mostly finds that it has to ring later.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Expired(Exception):
    """The wait was over time. Only ever seen by who asked for the wait."""


class Watchdog:
    """`wait(awaitable, due)` ends with Expired at `due` (loop time). Time between two waits does not
    count: a slow reader is not a silent provider. Close it at the end."""

    __slots__ = ("_barked", "_due", "_loop", "_rings_at", "_task", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._due = 0.0
        self._task: asyncio.Task[object] | None = None  # who waits, while somebody does
        self._barked = False

    async def wait(self, awaitable: Awaitable[T], due: float) -> T:
        task = asyncio.current_task(self._loop)
        assert task is not None
        cancelled_before = task.cancelling()
        self._due = due
        if self._timer is None or due < self._rings_at:
            self._set(due)
        self._task = task
        try:
            return await awaitable
        except BaseException as error:
            # The same book-keeping as asyncio.timeout: our own cancellation becomes Expired, one that
            # came from outside stays a cancellation, even where both came at once.
            if self._barked:
                self._barked = False
                ours_alone = task.uncancel() <= cancelled_before
                if ours_alone and isinstance(error, asyncio.CancelledError):
                    raise Expired from None
            raise
        finally:
            self._task = None
            if self._barked:  # it rang in the very moment the awaitable finished with a value
                self._barked = False
                task.uncancel()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = when
        self._timer = self._loop.call_at(when, self._rings)

    def _rings(self) -> None:
        self._timer = None
        if self._task is None:
            return  # nobody waits; the next wait sets the timer again
        if self._due > self._loop.time():
            self._set(self._due)
        else:
            self._barked = True
            self._task.cancel()
