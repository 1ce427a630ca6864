"""The garbage collector of a process that serves looks through what requests leave, not what was loaded."""

import gc

# New objects before the youngest are looked through, and how many such looks before the next older ones are.
# Python's own 700, 10 and 10 are for small programs: one turn would be looked through several times. The last
# one is a full collection: a few milliseconds, every other minute at five turns a second. With 200 in its
# place it came after half an hour, and what requests leave in cycles (answered pages, sockets that closed)
# had grown to 200 MB by then.
THRESHOLDS = (3_000, 15, 15)


def keep_what_is_loaded() -> None:
    """Call once everything is imported. Nothing that exists now is looked through again: 140,000 objects, for
    which each full collection stopped every stream for 80 ms. What is made later is collected as ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
