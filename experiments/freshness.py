"""How a process knows that experiments or flags have changed: a token in the tiered cache, new after each
change.

The token says only *that* something changed; what is true is read from the database after the token was
seen. So what a process has read can never be older than the token it holds it under.
"""

import secrets
from collections.abc import Callable
from functools import cache

from django.core.cache import caches

from grump.lib.cache.backend import TieredCache
from grump.lib.cache.namespaces import Namespace, register

register(Namespace("experiments", jitter=0.0))

KEY = "experiments:token"
# Seconds. While Valkey is away nobody is told of a change: so long it may go unseen.
LASTS = 60.0


@cache
def _cache() -> TieredCache:
    """One for the process: Django would make another for every task, and all hold the same tiers."""
    found = caches["default"]
    assert isinstance(found, TieredCache)
    return found


@cache
def _looking() -> Callable[[], str | None]:
    return _cache().looking(KEY)


def held() -> str | None:
    """The token as this process's memory has it. Never waits."""
    return _looking()()


def token() -> str:
    """The token; a new one where there is none. May ask Valkey."""
    found = _cache().get(KEY)
    return found if isinstance(found, str) else changed()


def changed() -> str:
    """Every process reads the definitions anew. After the commit of what changed them."""
    fresh = secrets.token_hex(8)
    _cache().set(KEY, fresh, LASTS)
    return fresh
