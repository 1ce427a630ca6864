"""The first tier: entries in this process, bounded in number and in bytes.

What goes first is chosen by GreedyDual-Size-Frequency (Cherkasova 1998, after Cao and Irani 1997): an entry's
worth is `age + uses * cost / size`, the least goes, and `age` rises to the worth of what went, so that what
was once dear and is never asked for goes too.
"""

import heapq
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from grump.lib.cache.codec import FOREVER, Cost, Entry

OVERHEAD = 640  # bytes of Python's own around an entry, measured
REMEMBERED = 10_000  # invalidations that a value on its way here is checked against
LOOKED_AT = 2  # entries, for each that is put
MICROUSD_OF_A_SECOND = 100.0  # what a second of waiting is worth, beside what a value cost in dollars
LEAST_COST = 10.0  # asking Valkey again


@dataclass(slots=True)
class _Held:
    entry: Entry
    size: int
    idle_until: float
    worth: float
    uses: int


def price(cost: Cost) -> float:
    """Micro-dollars, a wait reckoned in."""
    return LEAST_COST + cost.microusd + cost.milliseconds / 1000 * MICROUSD_OF_A_SECOND


class Memory:
    """Thread-safe. `ttl`: seconds an entry lasts after its last use, never past its own end."""

    def __init__(self, entries: int, size: int, ttl: float, clock: Callable[[], float] = time.time) -> None:
        self._most, self._most_bytes, self._ttl, self._clock = entries, size, ttl, clock
        self._held: OrderedDict[str, _Held] = OrderedDict()  # in the order in which they were last looked at
        self._heap: list[tuple[float, int, str]] = []
        self._order = itertools.count()
        self._age = 0.0
        self.bytes = 0
        self._lock = threading.Lock()
        self._changes = 0
        self._gone: OrderedDict[str, int] = OrderedDict()
        self._floor = 0  # of changes before this one, which keys they were is forgotten

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> Entry | None:
        now = self._clock()
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            if now >= held.idle_until or not held.entry.alive(now):
                self._drop(key)
                return None
            held.idle_until = now + self._ttl
            held.uses += 1
            held.worth = self._worth(held)  # the heap learns of it when it comes to this entry
            return held.entry

    def mark(self) -> int:
        """Taken before a value is looked up elsewhere, and given to `put` with it."""
        return self._changes

    def put(self, key: str, entry: Entry, since: int | None = None) -> bool:
        """False where the key was invalidated since the mark, or the entry alone is over the bound."""
        size = len(key) + len(entry.body) + OVERHEAD
        with self._lock:
            if since is not None and (since < self._floor or self._gone.get(key, -1) > since):
                return False
            self._drop(key)
            if size > self._most_bytes:
                return False
            now = self._clock()
            self._sweep(now)
            held = _Held(entry, size, now + self._ttl, 0.0, 1)
            held.worth = self._worth(held)
            self._held[key] = held
            self.bytes += size
            heapq.heappush(self._heap, (held.worth, next(self._order), key))
            while len(self._held) > self._most or self.bytes > self._most_bytes:
                self._evict()
            return key in self._held

    def drop(self, key: str) -> None:
        """The key's value changed: what is on its way here is refused as well."""
        with self._lock:
            self._changes += 1
            self._gone[key] = self._changes
            self._gone.move_to_end(key)
            if len(self._gone) > REMEMBERED:
                self._floor = self._gone.popitem(last=False)[1]
            self._drop(key)

    def clear(self) -> None:
        with self._lock:
            self._changes += 1
            self._floor = self._changes
            self._gone.clear()
            self._held.clear()
            self._heap.clear()
            self.bytes = 0
            self._age = 0.0

    def _worth(self, held: _Held) -> float:
        return self._age + held.uses * price(held.entry.cost) / held.size

    def _drop(self, key: str) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self.bytes -= held.size
            if len(self._heap) > 2 * len(self._held) + 64:
                self._heap = [(one.worth, next(self._order), name) for name, one in self._held.items()]
                heapq.heapify(self._heap)

    def _sweep(self, now: float) -> None:
        """What is over goes though there is room: a few are looked at each time, all of them in turn."""
        for _ in range(min(LOOKED_AT, len(self._held))):
            key, held = next(iter(self._held.items()))
            if now >= held.idle_until or not held.entry.alive(now):
                self._drop(key)
            else:
                self._held.move_to_end(key)

    def _evict(self) -> None:
        while self._heap:
            worth, _, key = heapq.heappop(self._heap)
            held = self._held.get(key)
            if held is None:
                continue
            if held.worth > worth:  # used since it was pushed, or another entry of the same key
                heapq.heappush(self._heap, (held.worth, next(self._order), key))
                continue
            self._age = max(self._age, worth)
            self._drop(key)
            return


def ends(now: float, seconds: float | None) -> float:
    """When something that lasts for so long ends; None lasts for ever."""
    return FOREVER if seconds is None else now + seconds
