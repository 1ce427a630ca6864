"""How often somebody may do something: the generic cell rate algorithm, in this process.

Source: ITU-T I.371. One number per party: the theoretical arrival time of its next allowed event.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable


class Pace:
    """`most` events per `period` seconds, all of which may come in one burst. Denied ones do not count.

    Remembers at most `parties` of them, the longest unseen forgotten first (which forgives them).
    """

    def __init__(
        self,
        most: int,
        period: float,
        *,
        parties: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step = period / most
        self._period = period
        self._parties = parties
        self._clock = clock
        self._arrivals: OrderedDict[Hashable, float] = OrderedDict()

    def wait(self, party: Hashable) -> float:
        """0.0 if the event is allowed (and counted), else the seconds until it would be."""
        now = self._clock()
        due = max(self._arrivals.get(party, now), now) + self._step
        if due - now > self._period + 1e-9:
            return due - now - self._period
        self._arrivals[party] = due
        self._arrivals.move_to_end(party)
        if len(self._arrivals) > self._parties:
            self._arrivals.popitem(last=False)
        return 0.0
