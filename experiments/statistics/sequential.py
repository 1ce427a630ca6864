"""Tests that hold at every look, however many there are, with no number of looks agreed before.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2021/2024, "Time-uniform
central limit theory and asymptotic confidence sequences", theorem 2.2), which is the normal mixture of
Robbins (1970) and of the mSPRT (Johari, Koomen, Pekelis, Walsh 2017); the same that GrowthBook and Eppo use.
Over all looks together the true value is outside with at most `alpha` probability, for samples not too small
(LEAST_UNITS).
"""

from math import exp, log, sqrt

from experiments.statistics.estimates import Estimate

ALPHA = 0.05
# Units at which the interval is narrowest beside a fixed sample's. Chosen once and for all: choosing it by
# the data would break the promise.
TIGHTEST_AT = 5_000
LEAST_UNITS = 100  # of each variant; below, the normal approximation promises nothing


def mixing(alpha: float = ALPHA, tightest_at: int = TIGHTEST_AT) -> float:
    """rho² of the normal mixture: the paper's appendix B.3, tightest at so many units."""
    looks = -2 * log(alpha)
    return (looks + log(looks + 1)) / tightest_at


def multiplier(units: int, alpha: float = ALPHA) -> float:
    """How many standard errors the interval reaches to each side; a fixed sample's is 1.96."""
    spread = units * mixing(alpha)
    return sqrt((spread + 1) / spread * 2 * log(sqrt(spread + 1) / alpha))


def interval(found: Estimate, alpha: float = ALPHA) -> tuple[float, float]:
    half = multiplier(found.units, alpha) * found.se
    return found.value - half, found.value + half


def p_value(found: Estimate) -> float:
    """Against no difference, valid at every look: below `ALPHA` exactly where `interval` leaves zero out."""
    if not found.se:
        return 1.0 if found.value == 0 else 0.0
    spread = found.units * mixing()
    evidence = (found.value / found.se) ** 2 * spread / (2 * (spread + 1)) - log(sqrt(spread + 1))
    return min(1.0, exp(-min(evidence, 700.0)))
