"""What was measured of late: first-token times per model, for routing and for adaptive clocks."""

from collections import deque

KEPT = 100  # times a model


class RecentTimes:
    """Seconds from an attempt's start to its first meaningful event. Bounded, in this process."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._times: dict[str, deque[float]] = {}

    def note(self, model: str, seconds: float) -> None:
        times = self._times.get(model)
        if times is None:
            times = self._times[model] = deque(maxlen=self._kept)
        times.append(seconds)

    def quantile(self, model: str, share: float) -> float | None:
        """The time that `share` (0 to 1) of the recent answers did not exceed; None if none is known."""
        times = sorted(self._times.get(model, ()))
        return times[min(int(share * len(times)), len(times) - 1)] if times else None
