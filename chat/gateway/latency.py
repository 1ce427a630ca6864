"""How long a model keeps one waiting now: a moving average that believes bad news at once.

Peak-EWMA, as in Twitter's Finagle: a time above the average becomes the average, one below it pulls it down
by how long ago the last one was. A model nobody asked for a while is believed to be better than it was, so
that it is tried again.
"""

import math
import time
from collections.abc import Callable

HALF_LIFE_S = 30.0  # after which half of an old time is forgotten


class PeakEwma:
    """Seconds by name, in this process. `clock` reads seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, half_life_s: float = HALF_LIFE_S) -> None:
        self._clock = clock
        self._fade = math.log(2) / half_life_s
        self._known: dict[str, tuple[float, float]] = {}  # the average, and when it was taken

    def note(self, name: str, seconds: float) -> None:
        now = self._clock()
        average, since = self._known.get(name, (seconds, now))
        if seconds < average:
            kept = math.exp(-self._fade * max(now - since, 0.0))
            # Of times that come at one instant the later still counts a little.
            seconds += (average - seconds) * min(kept, 0.9)
        self._known[name] = (seconds, now)

    def read(self, name: str) -> float | None:
        """None: never noted."""
        if name not in self._known:
            return None
        average, since = self._known[name]
        return average * math.exp(-self._fade * max(self._clock() - since, 0.0))
