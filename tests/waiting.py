"""Waiting for something to become true: never for a time to pass."""

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Give way to the event loop until `condition` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited changes on this very loop, in many ways
            await asyncio.sleep(0)


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Ask until `condition` holds; for conditions that wait for another process's answer each time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
