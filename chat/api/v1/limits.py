"""What is left of a plan, in the headers that OpenAI's clients know. Pure."""

import math
from datetime import datetime

from django.utils import timezone

from usage.standing import Standing


def limit_headers(standing: Standing | None, at: datetime | None = None) -> dict[str, str]:
    """Of the day's requests and tokens; nothing of what has no limit."""
    if standing is None:
        return {}
    seconds = max(0, math.ceil((standing.resets_at - (at or timezone.now())).total_seconds()))
    allowed = standing.allowed
    told: dict[str, str] = {}
    for name, limit, used in (
        ("requests", allowed.requests, standing.requests),
        ("tokens", allowed.tokens, standing.tokens),
    ):
        if limit is not None:
            told[f"x-ratelimit-limit-{name}"] = str(limit)
            told[f"x-ratelimit-remaining-{name}"] = str(max(limit - used, 0))
            told[f"x-ratelimit-reset-{name}"] = f"{seconds}s"
    return told
