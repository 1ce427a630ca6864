"""Several servers of one provider: what each is known to be at work on, and who is asked next. Pure.

Least loaded first: what a server itself reports (scraping.py) where it is asked for it, and in any case what
this process has under way there. Who is not ready, or could just not be reached, comes last, and is asked
all the same where there is nobody else.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

AWAY = 10.0  # seconds a server that could not be reached is asked last
FULL = 0.9  # of the key-value cache: from here on a server makes requests wait or drops what it knew


@dataclass(slots=True)
class Replica:
    address: str  # its base URL
    ours: int = 0  # requests that this process has under way there
    running: int = 0  # what it reports, over all that ask it
    waiting: int = 0
    cache_usage: float = 0.0  # of 1
    ready: bool = True
    away_until: float = 0.0
    asked: int = 0  # how often, so that equals take turns

    @property
    def name(self) -> str:
        """Host and port, as a metric's label."""
        return urlsplit(self.address).netloc

    @property
    def is_full(self) -> bool:
        return self.waiting > 0 and self.cache_usage >= FULL


class Replicas:
    def __init__(self, addresses: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.all = [Replica(address) for address in addresses]
        self._clock = clock

    def in_order(self) -> list[Replica]:
        now = self._clock()

        def burden(replica: Replica) -> tuple[bool, bool, int, float, int]:
            last = not replica.ready or replica.away_until > now
            work = max(replica.ours, replica.running) + replica.waiting
            return last, replica.is_full, work, replica.cache_usage, replica.asked

        return sorted(self.all, key=burden)

    def note_away(self, replica: Replica) -> None:
        replica.away_until = self._clock() + AWAY

    @property
    def none_ready(self) -> bool:
        return not any(replica.ready for replica in self.all)

    @property
    def all_full(self) -> bool:
        return all(replica.is_full for replica in self.all)
