"""The end of a web process, the same for either server: nobody new, everybody to their end, then go."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from grump.lib.leaving import leaving
from grump.lib.publishing import publisher, serve_threads
from grump.operations import garbage

LAST_TASKS = 2.0  # seconds for tasks that wait for the queue

logger = logging.getLogger(__name__)


def say_ready() -> None:
    """For whoever started this process, and may now end the one before it."""
    loop = asyncio.get_event_loop()  # daphne says it just before its loop runs
    serve_threads(loop)
    garbage.collect_by_the_clock(loop)
    print("web: ready", flush=True)


async def leave(stop_accepting: Callable[[], object]) -> None:
    """Returns when nothing is left to be done, or `DRAIN_SECONDS` are over."""
    # Here, because a server is chosen, and with it the event loop, before Django is set up.
    from django.conf import settings

    from chat import parting
    from chat.runtime import close_runtime, running_runtime

    if leaving.begun:
        return
    leaving.begin()
    stop_accepting()
    began = time.monotonic()
    within = float(settings.DRAIN_SECONDS)
    runtime = running_runtime()
    interrupted = await parting.part(runtime, within) if runtime is not None else 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(1.0, within - (time.monotonic() - began))):
            await leaving.idle()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_TASKS):
            await publisher().settled()
    await close_runtime()
    logger.info("Left after %.1f s, %d answers interrupted", time.monotonic() - began, interrupted)
