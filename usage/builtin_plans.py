"""The plans an installation begins with; all of them can be changed in the admin."""

from typing import Any

# name: title, requests and tokens a day, requests a minute, answers at the same time. None: no limit.
_TABLE: dict[str, tuple[str, int | None, int | None, int | None, int | None]] = {
    "guest": ("Guest", 30, 30_000, 20, 4),
    "free": ("Free", 100, 100_000, 30, 6),
    "pro": ("Pro", 1_000, 2_000_000, 60, 12),
    "team": ("Team", 5_000, 10_000_000, 120, 24),
    "unlimited": ("Unlimited", None, None, None, None),
}

#: The fields of each plan, by its name.
BUILT_IN: dict[str, dict[str, Any]] = {
    name: {
        "title": title,
        "requests_per_day": requests,
        "tokens_per_day": tokens,
        "requests_per_minute": per_minute,
        "concurrency": concurrency,
        "position": position,
    }
    for position, (name, (title, requests, tokens, per_minute, concurrency)) in enumerate(_TABLE.items())
}
