"""What one process keeps for one Valkey: the first two tiers, the counters of an outage, the watch."""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache

from grump.lib.cache import bounds
from grump.lib.cache.behind import Behind
from grump.lib.cache.belonging import index_of, names_of
from grump.lib.cache.flight import Flights
from grump.lib.cache.known import Known
from grump.lib.cache.memory import Memory
from grump.lib.cache.shared import Question, Shared
from grump.lib.cache.watch import ALL, Watch, tell
from grump.lib.valkey import valkey_breaker

logger = logging.getLogger(__name__)

OUTAGE_SECONDS = 60.0  # how long a value lasts that Valkey never took
UNSENT = 10_000  # keys changed during an outage; beyond that all in Valkey is given up


class Tiers:
    def __init__(self, url: str) -> None:
        memory = bounds.total_memory()
        self.sender = secrets.token_hex(8)
        self.l1 = Memory(
            settings.TIERED_CACHE_L1_MAX or bounds.entries(memory),
            bounds.size(memory),
            settings.TIERED_CACHE_L1_TTL_MS / 1000,
        )
        self.shared = Shared(url, valkey_breaker(url))
        self.known, self.behind = Known(), Behind()  # of the third tier
        self.flights = Flights()
        # Counters while Valkey is away. They are kept as long as asked for: no other copy can differ.
        self.local = LocMemCache(f"away-{self.sender}", {"OPTIONS": {"MAX_ENTRIES": 10_000}})
        self._unsent: OrderedDict[str, None] = OrderedDict()
        self._unsent_owners: set[str] = set()
        self._unsent_lock = threading.Lock()
        repair = settings.TIERED_CACHE_REPAIR_MS / 1000
        self.watch = Watch(self.shared, self.sender, self._changed, self._back, repair)

    def _changed(self, key: str) -> None:
        if key == ALL:
            self.l1.clear()
            self.known.forget()
        else:
            self.l1.drop(key)
            self.known.add(key)

    def unsent(self, key: str) -> None:
        """Changed here while Valkey could not be told: what it holds is out of date."""
        with self._unsent_lock:
            self._unsent[key] = None
            if len(self._unsent) > UNSENT:
                self._unsent.clear()
                self._unsent[ALL] = None

    def unsent_owner(self, owner: str) -> None:
        """To be forgotten, which Valkey could not be told."""
        with self._unsent_lock:
            self._unsent_owners.add(owner)

    def forget(self, owner: str, ask: Callable[[Question], list[Any]] | None = None) -> None:
        """Of this memory, the others' and Valkey, all that was kept for `owner`. Raises Away, or what `ask`
        raises."""
        ask = ask or self.shared.ask
        names = [name.decode() for name in ask(names_of(owner))[0]]
        for start in range(0, len(names), 500):
            some = names[start : start + 500]
            ask(self._removing(some))
            for name in some:
                self.l1.drop(name)
        # Last: who fails half way finds the rest again.
        ask(lambda pipe: pipe.unlink(index_of(owner)))

    def _removing(self, names: list[str]) -> Question:
        def commands(pipe: Any) -> None:
            pipe.unlink(*names)
            for name in names:
                tell(self.sender, name)(pipe)

        return commands

    def _ask_unguarded(self, question: Question) -> list[Any]:
        with self.shared.client.pipeline(transaction=False) as pipe:
            question(pipe)
            return list(pipe.execute())

    def _back(self) -> None:
        """Valkey forgets what changed meanwhile, before anybody may ask it. Raises the client's errors."""
        with self._unsent_lock:
            keys = list(self._unsent)
            owners = list(self._unsent_owners)
        if ALL in keys:
            clear(self.shared.client)
        for start in range(0, len(keys), 500):
            with self.shared.client.pipeline(transaction=False) as pipe:
                for key in keys[start : start + 500]:
                    pipe.unlink(key)
                    tell(self.sender, key)(pipe)
                pipe.execute()
        for owner in owners:
            self.forget(owner, self._ask_unguarded)
        with self._unsent_lock:
            for key in keys:
                self._unsent.pop(key, None)
            self._unsent_owners.difference_update(owners)
        self.local.clear()

    def ask(self, question: Question) -> list[object]:
        self.watch.start()
        return self.shared.ask(question)

    async def aask(self, question: Question) -> list[object]:
        self.watch.start()
        return await self.shared.aask(question)


def clear(client: object) -> None:
    """Remove the cache's keys, and nothing else that lives in the same Valkey."""
    from grump.lib.cache.namespaces import PREFIX

    names = list(client.scan_iter(f"{PREFIX}*:*", count=1000))  # type: ignore[attr-defined]
    for start in range(0, len(names), 500):
        client.unlink(*names[start : start + 500])  # type: ignore[attr-defined]


_tiers: dict[str, Tiers] = {}
_making = threading.Lock()


def tiers_of(url: str) -> Tiers:
    """Django makes a cache object for each thread and task; what they hold is one."""
    with _making:
        if url not in _tiers:
            _tiers[url] = Tiers(url)
        return _tiers[url]
