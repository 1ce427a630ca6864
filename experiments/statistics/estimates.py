"""Estimates with their standard errors. The unit is what was assigned, a person or a team, whatever the
number of its events: events of one person resemble each other, and counting each as independent would make
every interval too short.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, hypot, log

import numpy as np
from numpy.typing import NDArray

from experiments.statistics.distributions import normal_quantile

Numbers = NDArray[np.float64]
VAGUE = 0.2  # standard error beside the figure: about 25 events of a rare kind


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    se: float  # standard error
    units: int

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """The usual one of a fixed sample, for this figure alone; comparisons are sequential.py's."""
        half = normal_quantile(1 - alpha / 2) * self.se
        return self.value - half, self.value + half


def mean(values: Numbers) -> Estimate:
    """One value a unit; at least two."""
    count = len(values)
    return Estimate(float(values.mean()), float(values.std(ddof=1)) / count**0.5, count)


def ratio(numerators: Numbers, denominators: Numbers) -> Estimate:
    """Sum by sum over units, its variance by the delta method (Deng, Knoblich, Lu 2018, "Applying the Delta
    Method in Metric Analytics", section 3). Units without events are zeros in both."""
    count, below = len(numerators), denominators.mean()
    found = numerators.mean() / below
    rest = numerators - found * denominators  # its mean is zero: the linear part of the ratio
    return Estimate(float(found), float(rest.std(ddof=1) / (below * count**0.5)), count)


def quantile(values: Numbers, units: NDArray[np.int64], part: float) -> Estimate:
    """The `part` quantile over all events, `units` numbering whose each is, from 0 on.

    The share of events below the quantile is a ratio over units, and has the delta method's variance; the
    density at the quantile turns it into the quantile's own, taken from the order statistics about it (Deng,
    Knoblich, Lu 2018, section 4.2).
    """
    ordered = np.sort(values)
    found = float(np.quantile(ordered, part))
    counts = np.bincount(units).astype(float)
    below = np.bincount(units, weights=(values <= found).astype(float)).astype(np.float64)
    there = counts > 0
    share = ratio(below[there], counts[there])
    width = max(1.96 * share.se, 1 / len(ordered))
    low, high = np.quantile(ordered, [max(0.0, part - width), min(1.0, part + width)])
    slope = (high - low) / (min(1.0, part + width) - max(0.0, part - width))  # one over the density
    return Estimate(found, float(slope) * share.se, int(there.sum()))


def adjusted(groups: Sequence[tuple[Numbers, Numbers]]) -> tuple[list[Numbers], float]:
    """CUPED (Deng, Xu, Kohavi, Walker 2013): each group's values with what the units' past explains taken
    out, and the part of the variance that is left. `groups`: the values and the same figure from before, a
    variant each.

    One coefficient and one centre for all, so that no variant's mean is moved against another's; the
    variance left is 1 - correlation².
    """
    spread = sum(float(((past - past.mean()) ** 2).sum()) for _, past in groups)
    if not spread:
        return [values for values, _ in groups], 1.0
    together = sum(float(((now - now.mean()) * (past - past.mean())).sum()) for now, past in groups)
    theta, centre = together / spread, float(np.concatenate([past for _, past in groups]).mean())
    found = [now - theta * (past - centre) for now, past in groups]
    before = sum(float(((now - now.mean()) ** 2).sum()) for now, _ in groups)
    after = sum(float(((values - values.mean()) ** 2).sum()) for values in found)
    return found, after / before if before else 1.0


def log_ratio(control: Estimate, other: Estimate) -> Estimate | None:
    """The logarithm of other / control, by the delta method; `as_lift` makes a lift of it. None where either
    is not yet known well enough (`VAGUE`), or is not positive.

    The logarithm, because the lift itself is skewed while control is vague: with four events a day, lifts
    read daily were falsely certain in 7 % of simulated A/A experiments, their logarithms in 1 %.
    """
    if min(control.value, other.value) <= 0:
        return None
    vague = [one.se / one.value for one in (control, other)]
    if max(vague) > VAGUE:
        return None
    return Estimate(log(other.value / control.value), hypot(*vague), control.units + other.units)


def as_lift(logarithm: float) -> float:
    """0.05: 5 % more."""
    return expm1(min(logarithm, 700.0))
