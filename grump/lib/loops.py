"""An event loop for one task of the worker."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from django.core.cache import caches

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, which takes along what the cache opened in the loop: each loop has connections to Valkey
    of its own, and those of a loop that has ended would stay open for as long as nobody collects them."""

    async def whole() -> T:
        try:
            return await work
        finally:
            await caches["default"].aclose_loop()  # type: ignore[attr-defined]

    return asyncio.run(whole())
