"""Load on one variant: streams that run at once, kept running, and their watches."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable

from tests.bench.variants import Connection, Variant
from tests.bench.watch import Failed, Watch
from tests.fakes.words import vocabulary

PER_SECOND = 50  # tokens, of the scenarios paced-50 and paced-50-long
_number = itertools.count()


def prompt() -> str:
    """A question that nobody asked before and that means nothing like the last one: no cache, exact or
    semantic, may answer in the provider's place."""
    number = next(_number)
    return f"{number} " + "".join(random.Random(f"{time.time_ns()}:{number}").choices(vocabulary(), k=12))


class Load:
    """Connections of one variant, opened when first needed and kept for its later rounds."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self._connections: list[Connection] = []

    async def take(self, count: int) -> list[Connection]:
        missing = count - len(self._connections)
        if missing > 0:
            self._connections += await self.variant.connections(missing)
        return self._connections[:count]

    async def drop(self) -> None:
        """Leave in mid-stream, as users do."""
        for connection in self._connections:
            await connection.close()
        self._connections.clear()

    async def one_by_one(self, model: str, count: int) -> list[Watch]:
        [connection] = await self.take(1)
        watches = []
        for _ in range(count):
            watch = connection.ask(model, prompt())
            await watch.ended
            watches.append(watch)
        return watches

    async def all_at_once(self, model: str, count: int) -> list[Watch]:
        watches = [connection.ask(model, prompt()) for connection in await self.take(count)]
        await asyncio.gather(*(watch.ended for watch in watches), return_exceptions=True)
        return watches

    async def kept_running(
        self, model: str, count: int, spread: float, work: Callable[[], Awaitable[None]]
    ) -> list[Watch]:
        """`count` streams, begun evenly over `spread` seconds and begun again whenever one ends, until
        `work`, which starts once all run, is done. Returns all watches; ends by itself, not by dropping."""
        watches: list[Watch] = []
        over = False

        async def keep(connection: Connection, delay: float) -> None:
            await asyncio.sleep(delay)
            while not over:
                watch = connection.ask(model, prompt())
                watches.append(watch)
                try:
                    await watch.ended
                except Failed:
                    return

        connections = await self.take(count)
        keeping = [
            asyncio.create_task(keep(connection, spread * number / count))
            for number, connection in enumerate(connections)
        ]
        try:
            await asyncio.sleep(spread)
            await work()
        finally:
            over = True
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await self.drop()
        return watches
