"""Run database work from the event loop without blocking it.

SQLite has one writer at a time and waits for it by sleeping, so one thread for the process is fastest there;
PostgreSQL gets as many threads as its pool has connections.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from grump.lib.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")

# Seconds between the tries of what must not be lost.
PAUSES = (0.2, 1.0, 3.0, 5.0)

_threads: Threads | None = None


def _pool() -> Threads:
    global _threads
    if _threads is None:
        vendor = connections[DEFAULT_DB_ALIAS].vendor
        _threads = Threads(1 if vendor == "sqlite" else settings.DATABASE_POOL_SIZE, "database")
    return _threads


def _run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    connection = connections[DEFAULT_DB_ALIAS]  # the thread's own
    try:
        return work(*args, **kwargs)
    except Exception:
        connection.close_if_unusable_or_obsolete()
        raise
    finally:
        # Back to psycopg's pool; an open SQLite file is kept, opening it costs more than most queries.
        if connection.vendor != "sqlite":
            connection.close()


async def in_database(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call synchronous `work` in a database thread and return its result."""
    return await _pool().do(partial(_run, work, *args, **kwargs))


async def insistently(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`in_database`, tried again while the database does not take it: for what must not be lost."""
    for pause in PAUSES:
        try:
            return await in_database(work, *args, **kwargs)
        except DatabaseError:
            await asyncio.sleep(pause)
    return await in_database(work, *args, **kwargs)


def close_threads() -> None:
    """Wait for the work in hand and let go of the threads; the next call begins anew."""
    global _threads
    if _threads is not None:
        _threads.close()
        _threads = None
