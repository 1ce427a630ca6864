"""Django's questions to a cache, put to the tiers in twins: for those who wait and those on the event loop.

Nearest tier first; while Valkey is away, what this process has.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT

from grump.lib.cache import stored
from grump.lib.cache.codec import Cost, Entry, encode
from grump.lib.cache.keeping import MISSING, Keeping, count, touched, touching
from grump.lib.cache.known import Known
from grump.lib.cache.namespaces import Namespace
from grump.lib.database import in_database
from grump.lib.valkey import Away

NO_COST = Cost()
# INCRBY alone would begin at nothing, and so make a counter without an end.
COUNT = (
    "if redis.call('exists', KEYS[1]) == 0 then return false end "
    "return redis.call('incrby', KEYS[1], ARGV[1])"
)


class Asking(Keeping):
    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(location, params)
        self._background: set[asyncio.Task[Any]] = set()  # a task nobody holds may be collected

    # --- get ---

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        namespace, full = self._place(key, version)
        if namespace.exact:
            try:
                blob = self._tiers.ask(lambda pipe: pipe.get(full))[0]
            except Away:
                return self._tiers.local.get(full, default)
            return self._counted(namespace, self._exact_value(blob, MISSING), default)
        return self._counted(namespace, self._value(self._find(namespace, full), MISSING), default, True)

    async def aget(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        namespace, full = self._place(key, version)
        if namespace.exact:
            try:
                blob = (await self._tiers.aask(lambda pipe: pipe.get(full)))[0]
            except Away:
                return self._tiers.local.get(full, default)
            return self._counted(namespace, self._exact_value(blob, MISSING), default)
        found = await self._afind(namespace, full)
        return self._counted(namespace, self._value(found, MISSING), default, True)

    def _find(self, namespace: Namespace, full: str) -> Entry | None:
        """From the nearest tier that has it; it may be stale."""
        if entry := self._near(namespace, full):
            return entry
        since = self._tiers.l1.mark()
        stored_too = namespace.persistent and self._tiers.known.may_have(full)
        try:
            blob = self._tiers.ask(lambda pipe: pipe.get(full))[0]
        except Away:
            blob, stored_too = None, namespace.persistent  # what others keep meanwhile is not told
        entry = self._read(namespace, full, blob, "l2", since)
        if entry is None and stored_too:
            entry = self._read(namespace, full, stored.read(full), "l3", since)
        return entry

    async def _afind(self, namespace: Namespace, full: str) -> Entry | None:
        """Valkey and the database are asked at once, and the database only for what it may have: what is new,
        as most questions are, waits for Valkey alone."""
        if entry := self._near(namespace, full):
            return entry
        since = self._tiers.l1.mark()
        kept = None
        if namespace.persistent and self._may_be_stored(full):
            kept = asyncio.ensure_future(in_database(stored.read, full))
        try:
            try:
                blob = (await self._tiers.aask(lambda pipe: pipe.get(full)))[0]
            except Away:
                blob = None
                if namespace.persistent and kept is None:  # what others keep meanwhile is not told
                    kept = asyncio.ensure_future(in_database(stored.read, full))
            entry = self._read(namespace, full, blob, "l2", since)
            if entry is None and kept is not None:
                entry = self._read(namespace, full, await kept, "l3", since)
            return entry
        finally:
            if kept is not None:
                kept.cancel()  # not begun, it is never run

    def _may_be_stored(self, full: str) -> bool:
        known = self._tiers.known
        # Filled once others are heard: what they keep from then on, it is told.
        if self._tiers.watch.heard.is_set() and known.begins_to_fill():
            self._behind(asyncio.ensure_future(self._fill(known)))
        return known.may_have(full)

    async def _fill(self, known: Known) -> None:
        try:
            while await in_database(known.fill_on):
                pass
        finally:
            known.ends_filling()

    def looking(self, key: Any) -> Callable[[], Any]:
        """Looks for one key in this process's memory: what is there, or None. Never waits, asks nobody, and
        is not counted as a hit."""
        _, full = self._place(key, None)
        return lambda: self._value(self._tiers.l1.get(full), None)

    # --- set, add ---

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        cost: Cost = NO_COST,
        owner: str = "",
    ) -> None:
        namespace, full = self._place(key, version)
        seconds = self._seconds(timeout)
        if namespace.exact:
            try:
                self._tiers.ask(self._exact_set(full, value, seconds, new=False))
            except Away:
                self._tiers.local.set(full, value, seconds)
            return
        if seconds == 0:
            self.delete(key, version)
            return
        entry = self._entry(namespace, value, seconds, cost)
        self._tiers.l1.put(full, entry)
        try:
            self._tiers.ask(self._storing(full, entry, owner))
        except Away:
            self._kept_here(full, entry)
        if namespace.persistent:
            self._tiers.known.add(full)
            self._tiers.behind.drop(full)  # older
            stored.write(stored.Row(full, namespace.name, encode(entry), entry.expires_at, owner))

    async def aset(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        cost: Cost = NO_COST,
        owner: str = "",
    ) -> None:
        """The database is written behind the caller's back."""
        namespace, full = self._place(key, version)
        seconds = self._seconds(timeout)
        if namespace.exact:
            try:
                await self._tiers.aask(self._exact_set(full, value, seconds, new=False))
            except Away:
                self._tiers.local.set(full, value, seconds)
            return
        if seconds == 0:
            await self.adelete(key, version)
            return
        entry = self._entry(namespace, value, seconds, cost)
        self._tiers.l1.put(full, entry)
        try:
            await self._tiers.aask(self._storing(full, entry, owner))
        except Away:
            self._kept_here(full, entry)
        if namespace.persistent:
            self._tiers.known.add(full)
            row = stored.Row(full, namespace.name, encode(entry), entry.expires_at, owner)
            self._tiers.behind.put(full, row)

    def _behind(self, task: "asyncio.Future[Any]") -> None:
        assert isinstance(task, asyncio.Task)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Atomic for exact keys; for others, as good as two questions can be."""
        namespace, full = self._place(key, version)
        if not namespace.exact:
            if self._value(self._find(namespace, full), MISSING) is not MISSING:
                return False
            self.set(key, value, timeout, version)
            return True
        seconds = self._seconds(timeout)
        try:
            done = self._tiers.ask(self._exact_set(full, value, seconds, new=True))[0]
        except Away:
            return bool(self._tiers.local.add(full, value, seconds))
        return not done if seconds == 0 else bool(done)

    async def aadd(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        namespace, full = self._place(key, version)
        if not namespace.exact:
            if self._value(await self._afind(namespace, full), MISSING) is not MISSING:
                return False
            await self.aset(key, value, timeout, version)
            return True
        seconds = self._seconds(timeout)
        try:
            done = (await self._tiers.aask(self._exact_set(full, value, seconds, new=True)))[0]
        except Away:
            return bool(self._tiers.local.add(full, value, seconds))
        return not done if seconds == 0 else bool(done)

    # --- touch, incr ---

    def touch(self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        namespace, full = self._place(key, version)
        if not namespace.exact:
            entry = self._find(namespace, full)
            value = self._value(entry, MISSING)
            if entry is None or value is MISSING:
                return False
            self.set(key, value, timeout, version, entry.cost)
            return True
        seconds = self._seconds(timeout)
        try:
            return touched(self._tiers.ask(touching(full, seconds)))
        except Away:
            return bool(self._tiers.local.touch(full, seconds))

    async def atouch(
        self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        namespace, full = self._place(key, version)
        if not namespace.exact:
            entry = await self._afind(namespace, full)
            value = self._value(entry, MISSING)
            if entry is None or value is MISSING:
                return False
            await self.aset(key, value, timeout, version, entry.cost)
            return True
        seconds = self._seconds(timeout)
        try:
            return touched(await self._tiers.aask(touching(full, seconds)))
        except Away:
            return bool(self._tiers.local.touch(full, seconds))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Exact keys alone. Raises ValueError where there is nothing to count on."""
        full = self._counter(key, version)
        try:
            answer = self._tiers.ask(lambda pipe: pipe.eval(COUNT, 1, full, delta))[0]
        except Away:
            return int(self._tiers.local.incr(full, delta))
        return count(key, answer)

    async def aincr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        full = self._counter(key, version)
        try:
            answer = (await self._tiers.aask(lambda pipe: pipe.eval(COUNT, 1, full, delta)))[0]
        except Away:
            return int(self._tiers.local.incr(full, delta))
        return count(key, answer)

    async def adecr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return await self.aincr(key, -delta, version)

    def _counter(self, key: Any, version: int | None) -> str:
        namespace, full = self._place(key, version)
        if not namespace.exact:
            raise TypeError(f"{namespace.name} is kept in memory: a counter needs an exact key")
        return full

    # --- delete ---

    def delete(self, key: Any, version: int | None = None) -> bool:
        namespace, full = self._place(key, version)
        if namespace.exact:
            try:
                return bool(self._tiers.ask(lambda pipe: pipe.unlink(full))[0])
            except Away:
                return bool(self._tiers.local.delete(full))
        had = self._tiers.l1.get(full) is not None
        self._tiers.l1.drop(full)
        try:
            had = bool(self._tiers.ask(self._removing(full))[0]) or had
        except Away:
            self._tiers.unsent(full)
        self._tiers.behind.drop(full)
        return (stored.remove(full) if namespace.persistent else False) or had

    async def adelete(self, key: Any, version: int | None = None) -> bool:
        namespace, full = self._place(key, version)
        if namespace.exact:
            try:
                return bool((await self._tiers.aask(lambda pipe: pipe.unlink(full)))[0])
            except Away:
                return bool(self._tiers.local.delete(full))
        had = self._tiers.l1.get(full) is not None
        self._tiers.l1.drop(full)
        try:
            had = bool((await self._tiers.aask(self._removing(full)))[0]) or had
        except Away:
            self._tiers.unsent(full)
        if namespace.persistent:
            await self._tiers.behind.without(full)
            had = await in_database(stored.remove, full) or had
        return had
