"""Experiments whose truth is known, read every day as an impatient operator would.

Days accumulate: each day brings the same number of people to each variant. What is computed from running
sums here is what experiments/statistics/estimates.py computes from all values;
tests/training/test_experiments.py holds the two together.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from experiments.statistics.estimates import Estimate, log_ratio
from experiments.statistics.sequential import LEAST_UNITS, interval

Numbers = NDArray[np.float64]
# Draws one (people, 2) array: numerator and denominator of each person. Of means, the denominator is 1.
Draw = Callable[[np.random.Generator, int], Numbers]


def messages(dice: np.random.Generator, people: int) -> Numbers:
    """Skewed: most write little, some very much."""
    return np.stack([dice.lognormal(1.0, 1.2, people), np.ones(people)], axis=1)


def errors(dice: np.random.Generator, people: int) -> Numbers:
    """A rare event by person: 2 %."""
    return np.stack([(dice.random(people) < 0.02).astype(float), np.ones(people)], axis=1)


def stops(dice: np.random.Generator, people: int) -> Numbers:
    """A rate over answers, of which people have different numbers and different habits."""
    answers = 1.0 + dice.geometric(0.2, people)
    return np.stack(
        [dice.binomial(answers.astype(int), dice.beta(1, 9, people)).astype(float), answers], axis=1
    )


def _sums(drawn: Numbers) -> Numbers:
    top, below = drawn[:, 0], drawn[:, 1]
    return np.array(
        [len(drawn), top.sum(), below.sum(), (top**2).sum(), (top * below).sum(), (below**2).sum()]
    )


def estimate(sums: Numbers) -> Estimate:
    """The ratio and its delta-method error, from sums over people."""
    count, top, below, top2, both, below2 = (float(one) for one in sums)
    found = top / below
    rest = top2 - 2 * found * both + found**2 * below2
    return Estimate(found, (rest / (count - 1)) ** 0.5 / (below / count) / count**0.5, int(count))


def looks(dice: np.random.Generator, draw: Draw, effect: float, days: int, a_day: int) -> Iterator[Estimate]:
    """The lift's logarithm as each day's reading has it, from the first day on that may be read."""
    control, other = np.zeros(6), np.zeros(6)
    for _ in range(days):
        control += _sums(draw(dice, a_day))
        drawn = draw(dice, a_day)
        drawn[:, 0] *= 1 + effect
        other += _sums(drawn)
        if control[0] >= LEAST_UNITS and control[1] > 0 and other[1] > 0:
            change = log_ratio(estimate(control), estimate(other))
            if change is not None:
                yield change


def outside(found: Estimate) -> tuple[bool, bool]:
    """Whether the sequential interval, and the one of a fixed sample, leave "no difference" out."""
    low, high = interval(found)
    fixed = float(stats.norm.ppf(0.975)) * found.se
    return not low <= 0 <= high, abs(found.value) > fixed


def rejections(
    draw: Draw, effect: float = 0.0, *, runs: int = 1000, days: int = 28, a_day: int = 200, seed: int = 1
) -> tuple[float, float]:
    """The part of experiments in which some day's reading finds a difference: by the sequential test, and by
    a fixed sample's test read as often."""
    dice = np.random.default_rng(seed)
    found = np.array(
        [
            np.any(
                [(False, False), *(outside(look) for look in looks(dice, draw, effect, days, a_day))], axis=0
            )
            for _ in range(runs)
        ]
    )
    sequential, fixed = found.mean(axis=0)
    return float(sequential), float(fixed)
