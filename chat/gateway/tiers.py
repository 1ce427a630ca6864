"""From a chance and a wish to a tier. Pure."""

import math

from chat.gateway.catalogue import Tier

#: At the neutral preference, a weak model must be this likely to be enough …
SIMPLE_FROM = 0.60
#: … and below this even a middling one is not asked.
STANDARD_FROM = 0.40


def tier_for(weak_is_enough: float, preference: float) -> Tier:
    """`preference` runs from 0 (cheaper) over 0.5 (neutral) to 1 (better). It is read as prior odds: they
    multiply those of the estimate, so that every wish moves every prompt, and 0 and 1 are final."""
    if preference <= 0:
        return "simple"
    if preference >= 1:
        return "complex"
    chance = min(max(weak_is_enough, 1e-9), 1 - 1e-9)
    odds = chance / (1 - chance) * (1 - preference) / preference
    wished = odds / (1 + odds) if math.isfinite(odds) else 1.0
    if wished >= SIMPLE_FROM:
        return "simple"
    return "standard" if wished >= STANDARD_FROM else "complex"
