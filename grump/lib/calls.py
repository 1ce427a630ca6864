"""Wake-up calls to a user's sockets, whichever process holds them, over Valkey's publish and subscribe.

A call may be lost while Valkey is away; nothing may depend on one but speed.
"""

from functools import cache
from typing import Any

import orjson
from django.conf import settings
from redis import Redis

from grump.lib.clients import in_thread

PREFIX = "calls:user:"
SOCKET_TIMEOUT = 1.0  # seconds; Valkey is near, so more is an outage


def channel_of(user_id: int) -> str:
    return f"{PREFIX}{user_id}"


def encode_call(user_id: int, kind: str, **more: Any) -> bytes:
    return orjson.dumps({"type": kind, "user_id": user_id, **more})


@cache
def _client() -> Redis:
    return in_thread(settings.REDIS_URL, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=SOCKET_TIMEOUT)


def call(user_id: int, kind: str, **more: Any) -> None:
    """Call from synchronous code. Raises `redis.RedisError` or OSError if Valkey is away."""
    _client().publish(channel_of(user_id), encode_call(user_id, kind, **more))
