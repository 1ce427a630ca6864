"""How many people an answer takes, before anybody is asked."""

from math import ceil, log1p

from experiments.statistics.distributions import normal_beyond
from experiments.statistics.estimates import VAGUE
from experiments.statistics.sequential import ALPHA, LEAST_UNITS, multiplier

POWER = 0.8
MOST = 1_000_000_000


def found_with(units: int, lift: float, deviation: float, alpha: float = ALPHA) -> float:
    """The probability that the sequential test tells at `units` a variant (two of them compared) that they
    differ by `lift` (0.05: 5 % more), where one unit's standard deviation is `deviation` times the mean.
    Looking earlier too only adds to it."""
    se = deviation * (2 / units) ** 0.5
    reach, distance = multiplier(2 * units, alpha), abs(log1p(lift)) / se
    return normal_beyond(reach - distance) + normal_beyond(reach + distance)


def units_needed(lift: float, deviation: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Units a variant at which `lift` is found with probability `power`; None beyond `MOST`. Never fewer
    than a reading wants at all."""
    if not lift:
        return None
    low = high = max(LEAST_UNITS, ceil((deviation / VAGUE) ** 2))
    if not deviation:
        return low
    while found_with(high, lift, deviation, alpha) < power:
        low, high = high, high * 2
        if high > MOST:
            return None
    while low < high:
        middle = (low + high) // 2
        if found_with(middle, lift, deviation, alpha) < power:
            low = middle + 1
        else:
            high = middle
    return high


def alpha_among(variants: int) -> float:
    """What the first of so many variants, control among them, has to pass: Holm's first step."""
    return ALPHA / max(1, variants - 1)


def days_left(needed: int, there: int, a_day: float) -> int | None:
    """Days until the smallest variant has what is needed, at the pace so far; None where nobody comes."""
    if there >= needed:
        return 0
    return ceil((needed - there) / a_day) if a_day > 0 else None
