"""How long a first token is waited for: what the catalogue allows, tightened by what was measured. Pure.

A model that mostly speaks after 0.3 s and is silent for 10 will not speak: the next candidate is asked
then, not after the catalogue's minute. A clock that is too tight heals by itself: each time it rings in
vain it doubles, and the first answer that comes is a measurement again.
"""

from chat.gateway.recent import RecentTimes
from chat.gateway.request import ChatRequest

MULTIPLE = 3.0  # of the recent p99
LEAST = 2.0  # seconds
KNOWN = 20  # answers that have to be measured before anything is concluded from them
READING = 800  # characters (200 tokens) of a prompt that the slowest machine reads in a second
SLOW = 4.0  # times the recent median
LEAST_SLOW = 1.0  # seconds


def first_token_clock(allowed: float, recent: RecentTimes, request: ChatRequest) -> float:
    """Seconds, never more than `allowed`, which is the catalogue's. A long prompt gets more: it takes its
    time to be read, and those that were measured may have been short."""
    p99 = recent.quantile(request.model, 0.99)
    if p99 is None or recent.known(request.model) < KNOWN:
        return allowed
    tightened: float = max(MULTIPLE * p99, LEAST + _characters(request) / READING)
    return min(tightened * 2.0 ** min(recent.late_in_a_row(request.model), 30), allowed)


def slow_after(recent: RecentTimes, request: ChatRequest) -> float:
    """Seconds from which a first token counts as slow: against the model's own recent times, so that who
    has become slower for good is soon measured by that. Endless where too little is known."""
    median = recent.quantile(request.model, 0.5)
    if median is None or recent.known(request.model) < KNOWN:
        return float("inf")
    return max(SLOW * median, LEAST_SLOW + _characters(request) / READING)


def _characters(request: ChatRequest) -> int:
    return sum(len(message.text) for message in request.messages) + len(request.prefill)
