"""Waiting for something to become true: never for a time to pass."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Give way to the event loop until `condition` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited changes on this very loop, in many ways
            await asyncio.sleep(0)
