"""What was measured of late: first-token times per model, for routing, adaptive clocks and hedging."""

import time
from collections import Counter, deque
from collections.abc import Callable

from chat.gateway.latency import PeakEwma

KEPT = 100  # times a model


class RecentTimes:
    """Seconds from an attempt's start to its first meaningful event. Bounded, in this process."""

    def __init__(self, kept: int = KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept = kept
        self._waits = PeakEwma(clock)
        self._times: dict[str, deque[float]] = {}
        self._late: Counter[str] = Counter()  # clocks that rang in vain since the last answer

    def note(self, model: str, seconds: float) -> None:
        times = self._times.get(model)
        if times is None:
            times = self._times[model] = deque(maxlen=self._kept)
        times.append(seconds)
        self._waits.note(model, seconds)
        self._late.pop(model, None)

    def note_late(self, model: str) -> None:
        """The first-token clock rang. No time is known then, so that none is noted: a hanging model
        would otherwise loosen its own clock."""
        self._late[model] += 1

    def known(self, model: str) -> int:
        return len(self._times.get(model, ()))

    def late_in_a_row(self, model: str) -> int:
        return self._late[model]

    def expected(self, model: str) -> float | None:
        """How long the next answer may keep one waiting (latency.py); None if nothing is known."""
        return self._waits.read(model)

    def quantile(self, model: str, share: float) -> float | None:
        """The time that `share` (0 to 1) of the recent answers did not exceed; None if none is known."""
        times = sorted(self._times.get(model, ()))
        return times[min(int(share * len(times)), len(times) - 1)] if times else None
