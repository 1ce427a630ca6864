"""When a second model is asked because the first is late, and how often that may happen.

A model that has not spoken by its own recent p95 is, this once, a slow one; whoever is asked then mostly
speaks sooner. Twice asked is twice paid, so that a budget bounds the share of requests it may happen to.

Source: J. Dean and L. A. Barroso, "The Tail at Scale" (Communications of the ACM 56/2, 2013).
"""

from chat.gateway.recent import RecentTimes
from chat.gateway.request import ChatRequest
from chat.gateway.routing import AUTO, LOCAL, Candidate, blended_price

SHARE = 0.05  # of the requests, at most
SAVED = 5.0  # hedges that a quiet time may save up
MOST_PRICE = 5.0  # US dollars per million tokens (blended); above it nothing is asked twice
KNOWN = 20  # answers that have to be measured first


class Hedging:
    def __init__(
        self,
        recent: RecentTimes,
        *,
        share: float = SHARE,
        saved: float = SAVED,
        most_price: float = MOST_PRICE,
    ) -> None:
        self._recent = recent
        self._share = share
        self._saved = saved
        self._most_price = most_price
        self._budget = 0.0

    def patience(self, request: ChatRequest, candidate: Candidate) -> float | None:
        """Seconds after which the next one may be asked as well; None: not for this request. To be called
        once a request: each adds its share to the budget. Only where the choice is ours: whoever chose a
        model would rather wait for it, and background work has time."""
        if request.model != AUTO or request.priority != "interactive":
            return None
        self._budget = min(self._budget + self._share, self._saved)
        model = candidate.model
        if blended_price(model) > self._most_price or self._recent.known(model.name) < KNOWN:
            return None
        return self._recent.quantile(model.name, 0.95)

    def suits(self, first: Candidate, other: Candidate) -> bool:
        """Another provider's model of the same tier: an answer that comes sooner must not be a worse one."""
        return (
            other.provider.name not in (first.provider.name, LOCAL)
            and other.model.tier == first.model.tier
            and blended_price(other.model) <= self._most_price
        )

    def spend(self) -> bool:
        """Whether the budget has one more; it is taken."""
        if self._budget < 1.0:
            return False
        self._budget -= 1.0
        return True

    def lost(self, candidate: Candidate, seconds: float) -> None:
        """It had not spoken after `seconds`. That is known of it, and without it the slow answers would be
        missing among its times: its p95 would sink with every hedge."""
        self._recent.note(candidate.model.name, seconds)
