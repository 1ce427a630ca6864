"""How long to wait before the same provider is asked again: exponential backoff with full jitter.

Source: M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
"""

from collections.abc import Callable

FIRST = 1.0  # seconds
LONGEST = 10.0


def pause(retries: int, retry_after_s: float | None, random: Callable[[], float]) -> float:
    """Seconds before retry number `retries` (from 1); never shorter than what the provider asked for.
    `random` gives numbers from 0 to 1."""
    jittered: float = random() * min(FIRST * 2.0 ** (retries - 1), LONGEST)
    return max(jittered, retry_after_s or 0.0)
