"""What kinds of entries there are. A key belongs to the namespace before its first colon: `registry:models`.

A key without a registered namespace is *exact*: it lives in Valkey alone and is never answered from this
process's memory, because Django's own users of a cache count and lock with it (rate limits, one-time codes).
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Namespace:
    """Seconds. A new `version` makes what is stored under the old one unreachable."""

    name: str
    version: int = 1
    exact: bool = False  # Valkey alone; in its absence this process, for as long as that lasts
    persistent: bool = False  # also in the database
    stale: float = 0.0  # how long after its end a value is served while a new one is made
    jitter: float = 0.1  # share of its time by which an entry may end early: not all at once
    patience: float = 5.0  # how long a miss waits for another process that is making the value

    def full(self, key: str) -> str:
        return f"{PREFIX}{self.name}.{self.version}:{key}"

    def spread(self, timeout: float) -> float:
        return timeout * random.uniform(1 - self.jitter, 1)  # noqa: S311 - no secret


PREFIX = "tc1:"  # the number changes with what codec.py writes
EXACT = Namespace("default", exact=True, jitter=0.0)

_registered: dict[str, Namespace] = {}


def register(namespace: Namespace) -> Namespace:
    """Make it known in this process, at import time. The same name means the same namespace."""
    known = _registered.setdefault(namespace.name, namespace)
    if known != namespace:
        raise ValueError(f"two namespaces called {namespace.name!r}")
    return namespace


def namespace_of(key: str) -> Namespace:
    return _registered.get(key.partition(":")[0], EXACT)
