"""One heap for all threads of a process, where glibc would give each of them its own."""

import ctypes
import os

_M_ARENA_MAX = -8  # <malloc.h>
_CHOSEN = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")  # whoever sets one of these knows better


def share_one_heap() -> None:
    """Call before the first thread is started; what is forked later does the same. Nothing happens where the
    C library is another one than glibc.

    The interpreter's lock lets one thread run at a time, so that heaps of their own (up to eight a core) save
    hardly any waiting. They cost memory: what one thread has freed no other takes, and whichever thread is
    once given something large keeps room for it.
    """
    if any(name in os.environ for name in _CHOSEN):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
