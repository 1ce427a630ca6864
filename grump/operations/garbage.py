"""The garbage collector of a process that serves looks through what requests leave, not what was loaded."""

import asyncio
import gc

# New objects before the youngest are looked through, and how many such looks before the next older ones are.
# Python's own 700, 10 and 10 are for small programs: one turn would be looked through several times. The
# oldest are looked through by the clock, not by these: see `collect_by_the_clock`.
THRESHOLDS = (3_000, 15, 15)

# Seconds between two full collections. They find what connections leave in cycles, a closed socket with
# all that belonged to it or an answered page: of so many seconds at most it is held for nothing.
EVERY = 60.0


def keep_what_is_loaded() -> None:
    """Call once everything is imported. Nothing that exists now is looked through again: 140,000 objects, for
    which each full collection stopped every stream for 80 ms. What is made later is collected as ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def collect_by_the_clock(loop: asyncio.AbstractEventLoop) -> None:
    """A full collection each so many seconds, in the loop's thread, to which most of what is found belongs.

    Python's count of objects made less objects freed does not do: a turn frees nearly all it makes. At nine
    questions a second the count was full once in half an hour, and 50 MB waited for it.
    """

    def collect() -> None:
        gc.collect()
        loop.call_later(EVERY, collect)

    loop.call_later(EVERY, collect)


_collected = 0.0  # when, of the monotonic clock


def collect_where_due(now: float) -> None:
    """The same for a worker, between two tasks, at `now` of the monotonic clock. A task leaves a loop of its
    own with all that was open in it, and Python waits until such are a quarter of what was loaded."""
    global _collected
    if now - _collected >= EVERY:
        gc.collect()
        _collected = now
