"""How much of today is used: the shape of `GET /api/usage` and of `usage.update`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from usage.allowance import Allowance, allowance_of
from usage.days import day_at
from usage.models import Day


@dataclass(frozen=True, slots=True)
class Standing:
    """Held amounts count as used: what is shown as left can be spent."""

    allowed: Allowance
    requests: int
    tokens: int
    cost_microusd: int
    resets_at: datetime

    def as_json(self) -> dict[str, Any]:
        cost_limit = self.allowed.cost_microusd
        return {
            "plan": self.allowed.plan,
            "requests": {"used": self.requests, "limit": self.allowed.requests},
            "tokens": {"used": self.tokens, "limit": self.allowed.tokens},
            "cost_usd": {
                "used": self.cost_microusd / 1_000_000,
                "limit": None if cost_limit is None else cost_limit / 1_000_000,
            },
            "resets_at": self.resets_at.isoformat(),
        }


def standing(user_id: int, at: datetime | None = None) -> Standing:
    """Three queries; writes nothing."""
    now = at or timezone.now()
    allowed = allowance_of(user_id)
    day = Day.objects.filter(owner=user_id, ends_at__gt=now).order_by("-ends_at").first()
    if day is None:
        return Standing(allowed, 0, 0, 0, day_at(now, allowed.time_zone)[1])
    tokens, cost = day.tokens + day.held_tokens, day.cost_microusd + day.held_microusd
    return Standing(allowed, day.requests, tokens, cost, day.ends_at)
