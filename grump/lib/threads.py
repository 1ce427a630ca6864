"""Threads that work for an event loop: a call goes there and its result comes back.

The standard library's executor does the same through two futures, three locks and a work item, each of them
Python: with cold caches that took as long as three statements, on the way to every first word.
"""

import asyncio
import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _Call(NamedTuple):
    work: Callable[[], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop


class Threads:
    """At most `most` threads, each begun when there is work and none is free. A process that ends does the
    work that it has taken on first."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._free: deque[None] = deque()  # an entry for each thread that nobody counts on yet
        self._threads: list[threading.Thread] = []
        _all.add(self)

    def do(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """From an event loop, the only one at a time. What `work` returns or raises; who cancels it before a
        thread has begun cancels the work."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put(_Call(work, future, loop))
        try:
            self._free.pop()
        except IndexError:
            if len(self._threads) < self._most:
                self._begin()
        return future

    def close(self) -> None:
        """Wait until everything that was asked for is done, and end the threads."""
        threads, self._threads = self._threads, []
        for _ in threads:
            self._calls.put(None)
        for thread in threads:
            thread.join()
        self._free.clear()

    def _begin(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        # Not waited for by the interpreter, which would wait for ever, but by `_close_all`.
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            result = error = None
            if not call.future.cancelled():
                try:
                    result = call.work()
                except BaseException as raised:
                    error = raised
            if self._calls.empty():  # before anybody is told, who may ask again at once
                self._free.append(None)
            try:
                call.loop.call_soon_threadsafe(_tell, call.future, result, error)
            except RuntimeError:
                pass  # the loop has ended: nobody waits
            call = result = error = None  # nothing of it is held until the next call


def _tell(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


_all: "weakref.WeakSet[Threads]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for threads in list(_all):
        threads.close()
