"""Rows on their way into the third tier: those of a moment in one statement, behind what made them.

An answer is kept right after it was told, which is when its reader asks the next question: that one's own
transaction would stand behind this. A crash takes a quarter of a second's rows along; whoever asks again asks
a provider.
"""

import asyncio
from collections.abc import Collection
from functools import partial
from weakref import WeakKeyDictionary

from grump.lib.cache import stored
from grump.lib.database import in_database

GATHER = 0.25  # seconds
MOST = 200  # rows of one statement


class Behind:
    """`put`, `without` and `written` are an event loop's, for what this loop has put. The others are for any
    thread, and for what all loops of the process have put: it is not written any more, unless it is being
    written right now."""

    def __init__(self, gather: float = GATHER) -> None:
        self._gather = gather
        self._waiting: dict[str, stored.Row] = {}
        self._writers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Writer] = WeakKeyDictionary()

    def put(self, full_key: str, row: stored.Row) -> None:
        self._waiting[full_key] = row
        loop = asyncio.get_running_loop()
        writer = self._writers.get(loop)
        if writer is None or writer.task.done():
            self._writers[loop] = writer = _Writer(self._waiting, self._gather)
            writer.task.add_done_callback(partial(self._over, loop, writer))

    def _over(self, loop: asyncio.AbstractEventLoop, writer: "_Writer", _: object) -> None:
        """A task holds its loop: one that stayed here would keep the loop of each task of a worker."""
        if self._writers.get(loop) is writer:
            del self._writers[loop]

    async def written(self) -> None:
        """Until nothing waits any more, at once."""
        writer = self._writers.get(asyncio.get_running_loop())
        if writer is not None:
            writer.hurry.set()
            await asyncio.wait([writer.task])

    async def without(self, full_key: str) -> None:
        """`full_key` is not written from now on."""
        self._waiting.pop(full_key, None)
        await self.written()  # an older row of it may be among those that are being written

    def drop(self, full_key: str) -> None:
        self._waiting.pop(full_key, None)

    def drop_of(self, owners: Collection[str]) -> None:
        for full_key, row in list(self._waiting.items()):
            if row.owner in owners:
                self._waiting.pop(full_key, None)

    def clear(self) -> None:
        self._waiting.clear()


class _Writer:
    """A loop's, from the first row on until there is none."""

    def __init__(self, waiting: dict[str, stored.Row], gather: float) -> None:
        self.hurry = asyncio.Event()
        self.task = asyncio.create_task(self._write(waiting, gather), name="cache: third tier")

    async def _write(self, waiting: dict[str, stored.Row], gather: float) -> None:
        while waiting:
            try:
                async with asyncio.timeout(gather):
                    await self.hurry.wait()
            except TimeoutError:
                pass
            found = [waiting.pop(full_key, None) for full_key in list(waiting)[:MOST]]
            rows = [row for row in found if row is not None]  # another thread may have dropped one
            await in_database(stored.write, *rows)
