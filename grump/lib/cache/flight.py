"""Single flight: of those who miss the same key at the same time, one makes the value and all have it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any


class Flights:
    """Threads among themselves, and the tasks of one event loop among themselves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[str, Future[Any]] = {}
        self._tasks: dict[tuple[int, str], asyncio.Task[Any]] = {}

    def __len__(self) -> int:
        return len(self._threads) + len(self._tasks)

    def fly(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make` returned or raised, here or in the thread that came first."""
        with self._lock:
            flight = self._threads.get(key)
            if first := flight is None:
                flight = self._threads[key] = Future()
        assert flight is not None
        if not first:
            return flight.result()
        try:
            flight.set_result(make())
        except BaseException as error:
            flight.set_exception(error)
        finally:
            with self._lock:
                del self._threads[key]
        return flight.result()

    async def afly(self, key: str, make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """In a task of its own: whoever asked first may leave without taking the others' answer along."""
        return await asyncio.shield(self.begin(key, make))

    def begin(self, key: str, make: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
        """The flight under way, or a new one, which goes on whether or not anybody waits."""
        loop = asyncio.get_running_loop()
        place = (id(loop), key)
        task = self._tasks.get(place)
        if task is None or task.done():
            task = self._tasks[place] = loop.create_task(make())
            task.add_done_callback(lambda done: self._land(place, done))
        return task

    async def landed(self) -> None:
        """Wait for what is under way on the running loop."""
        here = id(asyncio.get_running_loop())
        if under_way := [task for (loop, _), task in self._tasks.items() if loop == here]:
            await asyncio.wait(under_way)

    def _land(self, place: tuple[int, str], done: asyncio.Task[Any]) -> None:
        if self._tasks.get(place) is done:
            del self._tasks[place]
        if not done.cancelled():
            done.exception()  # seen: nobody may be waiting
