"""How a process parts from its users when it has to end, so that none of them notices.

Answers that are being written go on to their end; every socket is closed at a moment of its own, with a code
that means "another process takes you", and its page resumes there, through the relay. It is the server that
chooses the moments: a client that does not spread itself is spread all the same. What is not finished when
the time is up is stored as interrupted, with all that had arrived, and can be continued.
"""

import asyncio
import logging
import random
from collections.abc import Callable

from chat.metrics import TURNED_AWAY
from chat.outbox import CLOSE_RESTART, Outbox
from chat.runtime import Runtime

logger = logging.getLogger(__name__)

A_SECOND = 200  # sockets that may come to the other processes in a second
LONGEST_SPREAD = 10.0  # seconds
_LOOK = 0.05  # seconds between two looks at what still runs
_STORING = 5.0  # seconds for the database to take what was interrupted
_LAST_FRAMES = 2.0  # seconds for the relay to write what was said last


async def part(runtime: Runtime, within: float) -> int:
    """Finish what runs within so many seconds, then store the rest as interrupted; returns how many were.
    The process must have stopped accepting."""
    moving = asyncio.create_task(_move_sockets(runtime, within), name="move sockets")
    await _until(lambda: not _running(runtime), within)
    unfinished = _running(runtime)
    for task in unfinished:
        task.cancel()
    if unfinished:
        # Each stores its answer in a shielded end of its own.
        await asyncio.wait(unfinished)
        await _until(lambda: not runtime.live.broadcasts, _STORING)
        logger.warning("%d answers were not finished in %g s: interrupted", len(unfinished), within)
    await moving
    for outbox in _sockets(runtime):
        _move(outbox)
    await runtime.live.relay.flushed(_LAST_FRAMES)
    # Each closes when all that waits for it is sent; one that does not read is not waited for long.
    await _until(lambda: not runtime.live.open_sockets, _LAST_FRAMES)
    return len(unfinished)


async def _until(true: Callable[[], bool], seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not true() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - once in a process's life
        await asyncio.sleep(_LOOK)


def _running(runtime: Runtime) -> list[asyncio.Task[None]]:
    tasks = [broadcast.task for broadcast in runtime.live.broadcasts.values() if broadcast.task]
    return [task for task in [*tasks, *runtime.calls] if not task.done()]


def _sockets(runtime: Runtime) -> list[Outbox]:
    return [outbox for tabs in runtime.live.sockets.values() for outbox in tabs if not outbox.closed]


def _move(outbox: Outbox) -> None:
    outbox.finish(CLOSE_RESTART)
    TURNED_AWAY.labels("restart").inc()


async def _move_sockets(runtime: Runtime, within: float) -> None:
    """Close each socket once, at a random moment of a time that grows with their number."""
    # A temporary answer is told by this process alone: who reads one stays to its end.
    temporary = [broadcast for broadcast in runtime.live.broadcasts.values() if broadcast.temporary]
    staying = {outbox for broadcast in temporary for outbox in broadcast.followers}
    sockets = [outbox for outbox in _sockets(runtime) if outbox not in staying]
    random.shuffle(sockets)
    spread = min(LONGEST_SPREAD, within / 2, len(sockets) / A_SECOND)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number, outbox in enumerate(sockets):
        due = begun + spread * (number + random.random()) / len(sockets)  # noqa: S311 - not a secret
        await asyncio.sleep(max(0.0, due - loop.time()))
        _move(outbox)
