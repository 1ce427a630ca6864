"""`python -m training.experiments`: the tables of docs/experiments.md. Half a minute or so of one core."""

import numpy as np

from experiments.statistics.checks import MISMATCH, sample_ratio
from experiments.statistics.estimates import adjusted
from experiments.statistics.power import units_needed
from training.experiments.simulations import errors, messages, rejections, stops

DRAWS = {"messages (mean, log-normal)": messages, "an error (mean, 2 %)": errors, "stops (ratio)": stops}


def false_positives() -> None:
    print("## 1,000 A/A experiments, 28 days, 200 people a variant and day, read daily")
    for name, draw in DRAWS.items():
        sequential, fixed = rejections(draw)
        print(f"| {name} | {sequential:.1%} | {fixed:.1%} |")


def power() -> None:
    print("## Lifts, with the people that the power calculation asks for, 500 experiments each")
    dice = np.random.default_rng(2)
    for name, draw in DRAWS.items():
        sample = draw(dice, 1_000_000)
        whole = sample[:, 0].sum() / sample[:, 1].sum()
        deviation = float((sample[:, 0] - whole * sample[:, 1]).std() / sample[:, 1].mean() / whole)
        effect = 0.3 if draw is errors else 0.1
        needed = units_needed(effect, deviation) or 0
        days = 20
        found, _ = rejections(draw, effect, runs=500, days=days, a_day=-(-needed // days), seed=3)
        print(f"| {name} | +{effect:.0%} | {needed:,} | 80 % | {found:.1%} |")


def variance() -> None:
    print("## CUPED: the variance that is left, beside 1 - correlation²")
    dice = np.random.default_rng(4)
    for correlation in (0.0, 0.3, 0.6, 0.9):
        groups = []
        for _ in range(2):
            past = dice.normal(10, 3, 20_000)
            now = correlation * past + (1 - correlation**2) ** 0.5 * dice.normal(10, 3, 20_000)
            groups.append((now, past))
        _, left = adjusted(groups)
        print(f"| {correlation} | {left:.3f} | {1 - correlation**2:.3f} |")


def mismatch() -> None:
    print("## Sample-ratio mismatch: splits reported, of 1,000, at 20,000 people")
    dice = np.random.default_rng(5)
    for lost in (0.0, 0.02, 0.05, 0.1):
        caught = 0
        for _ in range(1000):
            control = dice.binomial(20_000, 0.5)
            other = dice.binomial(20_000 - control, 1 - lost)
            caught += sample_ratio([control, other], [0.5, 0.5]) < MISMATCH
        print(f"| {lost:.0%} | {caught / 1000:.1%} |")


if __name__ == "__main__":
    for table in (false_positives, power, variance, mismatch):
        table()
