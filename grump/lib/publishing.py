"""Tasks on their way to the queue, without anybody waiting for it: tried again while it is away.

One publisher an event loop, all tasks of a moment one after the other in a thread: a broker that hangs blocks
no more than that. What waits is bounded, and the oldest goes first; what a user waits for must not be
published but done.
Synchronous code publishes with `from_thread`: in a web process through the publisher of its loop.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from kombu.exceptions import OperationalError
from prometheus_client import Counter

logger = logging.getLogger(__name__)

MOST = 1_000  # that wait
# Seconds. To queue a task takes 0.3 ms of CPU time, most of what saving a question takes, and more where
# nothing of it is in the processor's caches: it is done for several together, and not beside the question
# that follows.
GATHER = 0.25
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two tries, doubling, with full jitter above half
PATIENCE = 10.0  # seconds that a program without an event loop tries
AWAY = (OperationalError, OSError)

LOST = Counter("grump_tasks_lost_total", "Tasks that were never queued: the queue was away for too long.")

Send = Callable[[], object]


class Publisher:
    """`put` from the event loop; the rest happens behind it."""

    def __init__(self, most: int = MOST, first_pause: float = FIRST_PAUSE, gather: float = GATHER) -> None:
        self._most = most
        self._first_pause = first_pause
        self.gather = gather
        self._waiting: deque[tuple[str, Send]] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, name: str, send: Send) -> None:
        """`send` queues the task `name`; it blocks, and raises one of AWAY."""
        if len(self._waiting) >= self._most:
            self._waiting.popleft()
            LOST.inc()
        self._waiting.append((name, send))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._publish(), name="publish")

    async def settled(self) -> None:
        """Until nothing waits any more."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _publish(self) -> None:
        pause = self._first_pause
        away = False
        while self._waiting:
            if not away:
                await asyncio.sleep(self.gather)
            batch = list(self._waiting)
            sent, error = await asyncio.to_thread(_send, batch)
            for one in batch[: sent + (error is not None and not isinstance(error, AWAY))]:
                if self._waiting and self._waiting[0] is one:  # else it was the oldest of too many meanwhile
                    self._waiting.popleft()
            if error is None:
                pause = self._first_pause
                continue
            name = batch[sent][0]
            if not isinstance(error, AWAY):
                logger.error("%s cannot be queued", name, exc_info=error)
                LOST.inc()
                continue
            if not away:
                away = True
                logger.warning("The queue is away (%s): %s waits", type(error).__name__, name)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause = min(2 * pause, LONGEST_PAUSE)
        if away:
            logger.warning("The queue is back")


def _send(batch: Sequence[tuple[str, Send]]) -> tuple[int, Exception | None]:
    """How many of them were queued, and what the next one met."""
    for number, (_, send) in enumerate(batch):
        try:
            send()
        except Exception as error:
            return number, error
    return len(batch), None


_publishers: WeakKeyDictionary[asyncio.AbstractEventLoop, Publisher] = WeakKeyDictionary()


def publisher() -> Publisher:
    """The running loop's."""
    return _publishers.setdefault(asyncio.get_running_loop(), Publisher())


_of_threads: asyncio.AbstractEventLoop | None = None


def serve_threads(loop: asyncio.AbstractEventLoop) -> None:
    """What this process's threads publish from now on waits with `loop`."""
    global _of_threads
    _of_threads = loop


def from_thread(name: str, send: Send) -> bool:
    """`put`, from a synchronous view. A command or a worker has no loop that would go on trying: it tries
    here, for PATIENCE seconds; False if the queue was away for all of them."""
    if _of_threads is not None and not _of_threads.is_closed():
        _of_threads.call_soon_threadsafe(lambda: publisher().put(name, send))
        return True
    deadline = time.monotonic() + PATIENCE
    pause = FIRST_PAUSE
    while True:
        try:
            send()
        except AWAY:
            if time.monotonic() + pause > deadline:
                LOST.inc()
                return False
            time.sleep(pause)
            pause *= 2
        else:
            return True
