"""What a tiered cache does alike for those who wait and those on the event loop: names, entries, commands.

Nothing here asks Valkey or the database; `asking.py` does, in twins.
"""

import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from grump.lib.cache.belonging import note
from grump.lib.cache.codec import Cost, Entry, Unreadable, decode, digits, encode, from_digits, pack, unpack
from grump.lib.cache.memory import ends
from grump.lib.cache.metrics import HITS, MISSES
from grump.lib.cache.namespaces import Namespace, namespace_of
from grump.lib.cache.shared import Question
from grump.lib.cache.tiers import OUTAGE_SECONDS, tiers_of
from grump.lib.cache.watch import tell

MISSING = object()
Timeout = float | None


class Keeping(BaseCache):
    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._tiers = tiers_of(location)

    def _place(self, key: Any, version: int | None) -> tuple[Namespace, str]:
        namespace = namespace_of(str(key))
        return namespace, namespace.full(self.make_and_validate_key(key, version=version))

    def _seconds(self, timeout: Any) -> Timeout:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else max(float(seconds), 0.0)

    def _entry(self, namespace: Namespace, value: Any, seconds: Timeout, cost: Cost) -> Entry:
        now = time.time()
        body = pack(value)
        if seconds is None:
            return Entry(body, cost=cost)
        fresh = namespace.spread(seconds)
        return Entry(body, ends(now, fresh), ends(now, fresh + namespace.stale), cost)

    def _near(self, namespace: Namespace, full: str) -> Entry | None:
        entry = self._tiers.l1.get(full)
        if entry is not None:
            HITS.labels("l1", namespace.name).inc()
        return entry

    def _read(self, namespace: Namespace, full: str, blob: Any, tier: str, since: int) -> Entry | None:
        """A blob of a further tier, kept nearer from now on."""
        if not isinstance(blob, bytes):
            return None
        try:
            entry = decode(blob)
        except Unreadable:
            return None
        if not entry.alive(time.time()):
            return None
        self._tiers.l1.put(full, entry, since)
        HITS.labels(tier, namespace.name).inc()
        return entry

    def _storing(self, full: str, entry: Entry, owner: str = "") -> Question:
        def commands(pipe: Any) -> None:
            pipe.set(full, encode(entry), pxat=int(entry.expires_at * 1000) or None)
            tell(self._tiers.sender, full)(pipe)
            if owner:
                note(owner, full, entry)(pipe)

        return commands

    def _removing(self, full: str) -> Question:
        def commands(pipe: Any) -> None:
            pipe.unlink(full)
            tell(self._tiers.sender, full)(pipe)

        return commands

    def _kept_here(self, full: str, entry: Entry) -> None:
        """Valkey did not take it: nobody can tell us of a change, so it does not last long."""
        self._tiers.unsent(full)
        until = time.time() + OUTAGE_SECONDS
        short = min(entry.expires_at or until, until)
        self._tiers.l1.put(full, Entry(entry.body, min(entry.fresh_until or short, short), short, entry.cost))

    @staticmethod
    def _value(entry: Entry | None, default: Any) -> Any:
        if entry is None or not entry.fresh(time.time()):
            return default
        try:
            return unpack(entry.body)
        except Unreadable:
            return default

    # --- Exact entries ---

    @staticmethod
    def _exact_blob(value: Any) -> bytes:
        counted = digits(value)
        return encode(Entry(pack(value))) if counted is None else counted

    @staticmethod
    def _exact_value(blob: Any, default: Any) -> Any:
        if not isinstance(blob, bytes):
            return default
        try:
            number = from_digits(blob)
            return unpack(decode(blob).body) if number is None else number
        except ValueError:
            return default

    def _exact_set(self, full: str, value: Any, seconds: Timeout, new: bool) -> Question:
        blob = self._exact_blob(value)
        if seconds is not None and seconds <= 0:
            # Django: what lasts no time is not there.
            return lambda pipe: pipe.unlink(full) if not new else pipe.exists(full)
        px = None if seconds is None else max(int(seconds * 1000), 1)
        return lambda pipe: pipe.set(full, blob, px=px, nx=new)

    @staticmethod
    def _counted(namespace: Namespace, value: Any, default: Any, hit_counted: bool = False) -> Any:
        if value is MISSING:
            MISSES.labels(namespace.name).inc()
            return default
        if not hit_counted:
            HITS.labels("l2", namespace.name).inc()
        return value


def touching(full: str, seconds: Timeout) -> Question:
    def commands(pipe: Any) -> None:
        if seconds is None:
            pipe.exists(full)
            pipe.persist(full)
        else:
            pipe.pexpire(full, int(seconds * 1000))

    return commands


def touched(answers: list[Any]) -> bool:
    return bool(answers[0])


def count(key: Any, answer: Any) -> int:
    if answer is None:
        raise ValueError(f"Key {key!r} not found")
    return int(answer)
