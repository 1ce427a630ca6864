"""A Django cache of three tiers: this process, Valkey, and for some namespaces the database.

    cache = caches["default"]
    register(Namespace("answers", persistent=True))             # at import: grump/lib/cache/namespaces.py
    await cache.aset("answers:k", value, 3600, cost=Cost(microusd=900, milliseconds=1800))
    await cache.aget("answers:k")                               # in memory: no thread, no await that waits
    await cache.aget_or_set("registry:models", make, 60)        # one maker; stale meanwhile where chosen

Every method has its `a…` twin. Keys without a registered namespace are exact (rate limits, locks): Valkey
alone, or this process while Valkey is away. `set` takes what a dear value cost, and for whom it was made, so
that `forget` can remove all that was kept for somebody. No method raises because Valkey is away, and none
waits for it longer than 0.2 s, nor at all once the breaker is open. Values are those of
grump/lib/cache/codec.py; another type raises TypeError. A loop that ends calls `aclose_loop()`.
"""

import asyncio
import inspect
import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from redis.exceptions import RedisError

from grump.lib.cache import stored
from grump.lib.cache.asking import NO_COST, Asking
from grump.lib.cache.codec import Cost, unpack
from grump.lib.cache.keeping import MISSING
from grump.lib.cache.metrics import MISSES
from grump.lib.cache.namespaces import Namespace
from grump.lib.cache.tiers import clear
from grump.lib.cache.watch import ALL, tell
from grump.lib.valkey import Away


class TieredCache(Asking):
    # --- clear, forget ---

    def clear(self) -> None:
        """All of the cache, in every tier; nothing else that lives in the same Valkey."""
        self._tiers.l1.clear()
        self._tiers.local.clear()
        self._tiers.behind.clear()
        stored.clear()
        try:
            self._tiers.ask(tell(self._tiers.sender, ALL))
            clear(self._tiers.shared.client)
        except (Away, RedisError, OSError):
            self._tiers.unsent(ALL)

    def forget(self, *owners: str) -> None:
        """All that was kept for them, in every tier and every process. What Valkey cannot be told now it is
        told when it is back. Raises the database's errors."""
        self._tiers.behind.drop_of(owners)
        stored.forget(owners)
        for owner in owners:
            try:
                self._tiers.forget(owner)
            except Away:
                self._tiers.unsent_owner(owner)

    # --- get_or_set ---

    def get_or_set(
        self,
        key: Any,
        default: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        cost: Cost = NO_COST,
    ) -> Any:
        """`default`: a value, or a function that makes it; one thread of one process does at a time."""
        value = self.get(key, MISSING, version)
        if value is not MISSING:
            return value

        def make() -> Any:
            made = default() if callable(default) else default
            self.set(key, made, timeout, version, cost)
            return made

        return self._tiers.flights.fly(self._place(key, version)[1], make)

    async def aget_or_set(
        self,
        key: Any,
        default: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        cost: Cost = NO_COST,
    ) -> Any:
        """`default`: a value, or a function that makes it or a coroutine for it. A stale value of a
        namespace that keeps such is returned at once, while a new one is made behind it."""
        namespace, full = self._place(key, version)

        async def make() -> Any:
            return await self._made(namespace, full, key, default, timeout, version, cost)

        if namespace.exact:
            value = await self.aget(key, MISSING, version)
            return await self._tiers.flights.afly(full, make) if value is MISSING else value
        entry = await self._afind(namespace, full)
        value = self._value(entry, MISSING)
        if value is not MISSING:
            return value
        if entry is not None and entry.alive(time.time()):
            self._tiers.flights.begin(full, make)
            return unpack(entry.body)
        MISSES.labels(namespace.name).inc()
        return await self._tiers.flights.afly(full, make)

    async def _made(
        self, namespace: Namespace, full: str, key: Any, default: Any, timeout: Any, version: Any, cost: Cost
    ) -> Any:
        """Made here, or by the process that holds the lock. Without Valkey each process makes its own."""
        token = f"{self._tiers.sender}:{time.monotonic_ns()}"
        lock = f"{full}:lock"
        until = time.monotonic() + namespace.patience
        while time.monotonic() < until:
            try:
                taken = await self._tiers.aask(
                    lambda pipe: pipe.set(lock, token, nx=True, px=int(namespace.patience * 1000))
                )
            except Away:
                break
            if taken[0]:
                break
            await asyncio.sleep(LOCK_PAUSE)
            found = await self.aget(key, MISSING, version)
            if found is not MISSING:
                return found
        try:
            made = default() if callable(default) else default
            if inspect.isawaitable(made):
                made = await made
            await self.aset(key, made, timeout, version, cost)
            return made
        finally:
            try:
                await self._tiers.aask(lambda pipe: pipe.eval(RELEASE, 1, lock, token))
            except Away:
                pass  # it ends by itself

    async def aclose_loop(self) -> None:
        """Finish what is written behind, and let go of the running loop's connections."""
        await self._tiers.flights.landed()
        await self._tiers.behind.written()
        if self._background:
            await asyncio.wait(self._background)
        await self._tiers.shared.aclose()

    def start(self) -> None:
        """Connect in the background, so that the first who asks does not wait for it."""
        self._tiers.watch.start()


LOCK_PAUSE = 0.025  # seconds between two looks at what another process makes
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
