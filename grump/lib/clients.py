"""Clients of Valkey: every one of them is made here."""

from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

# Nothing is told of the library that asks: to tell its version, redis-py looks for it through the folders
# of all installed packages, for each new connection anew. On the event loop that stopped every stream for
# 10 to 30 ms.
UNNAMED: dict[str, Any] = {"driver_info": None}


def on_loop(url: str, **options: Any) -> AsyncRedis:
    """For the event loop; `options` are redis-py's. Connects when it is first asked."""
    return AsyncRedis.from_url(url, **UNNAMED, **options)


def in_thread(url: str, **options: Any) -> Redis:
    """For synchronous code."""
    return Redis.from_url(url, **UNNAMED, **options)
