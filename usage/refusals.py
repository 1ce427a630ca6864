"""Why a turn is refused, in words that say what to do."""

import math
from datetime import datetime
from typing import Literal

from usage import metrics
from usage.allowance import Allowance
from usage.models import Day

LimitKind = Literal["requests", "tokens", "cost", "rate", "concurrency", "model", "address", "team"]

_WORDS: dict[str, str] = {
    "requests": "Today's messages are used up. Reading goes on, and the count starts anew at midnight.",
    "tokens": "What is left of today's tokens is not enough for this question. A shorter one, or a new chat, "
    "may fit; the count starts anew at midnight.",
    "cost": "Today's budget is used up for this model. A cheaper one may still fit.",
    "rate": "That was a little fast. Please wait a moment.",
    "concurrency": "Other answers are still being written. Wait for one of them, or stop it.",
    "team": "Your team's allowance for today is used up. It starts anew at midnight UTC.",
    "address": "Many guests have asked from your network today. With an account of your own you can go on.",
    "model": "Your plan does not have this model. Choose another one.",
}
_CODES = {"rate": "rate_limited", "concurrency": "rate_limited"}
#: What a refusal is called on the wire.
CODES = frozenset({"quota_exceeded", *_CODES.values()})


class QuotaExceeded(Exception):
    """`code` is the contract's; `retry_after_s` None where waiting does not help."""

    def __init__(
        self,
        limit_kind: LimitKind,
        plan: str,
        resets_at: datetime | None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(_WORDS[limit_kind])
        self.limit_kind = limit_kind
        self.plan = plan
        self.message = _WORDS[limit_kind]
        self.code = _CODES.get(limit_kind, "quota_exceeded")
        self.resets_at = resets_at
        self.retry_after_s = retry_after_s
        metrics.REFUSALS.labels(limit_kind).inc()


def refusal(allowed: Allowance, day: Day, tokens: int, cost: int, now: datetime) -> QuotaExceeded:
    """The first limit that `day` has no room in."""
    until_reset = max(1.0, math.ceil((day.ends_at - now).total_seconds()))
    if allowed.requests is not None and day.requests >= allowed.requests:
        return QuotaExceeded("requests", allowed.plan, day.ends_at, until_reset)
    if allowed.tokens is not None and day.tokens + day.held_tokens + tokens > allowed.tokens:
        return QuotaExceeded("tokens", allowed.plan, day.ends_at, until_reset)
    if allowed.cost_microusd is not None and day.cost_microusd + day.held_microusd + cost > (
        allowed.cost_microusd
    ):
        return QuotaExceeded("cost", allowed.plan, day.ends_at, until_reset)
    if allowed.concurrency is not None and day.running >= allowed.concurrency:
        return QuotaExceeded("concurrency", allowed.plan, None, 2.0)
    return QuotaExceeded("rate", allowed.plan, None, max(1.0, math.ceil(60 / (allowed.per_minute or 60))))
