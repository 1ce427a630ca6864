"""What docs/experiments.md promises of the tests, simulated in small; in full: `python -m
training.experiments`."""

import numpy as np
import pytest

from experiments.statistics import estimates
from experiments.statistics.power import units_needed
from training.experiments.simulations import _sums, errors, estimate, messages, rejections, stops


@pytest.mark.parametrize("draw", [messages, errors, stops])
def test_sums_say_what_all_the_values_say(draw):
    drawn = draw(np.random.default_rng(1), 5_000)
    found, expected = estimate(_sums(drawn)), estimates.ratio(drawn[:, 0], drawn[:, 1])
    assert found.value == pytest.approx(expected.value)
    assert found.se == pytest.approx(expected.se, rel=1e-6)


def test_a_thousand_aa_experiments_read_daily_are_rarely_certain_of_anything():
    sequential, fixed = rejections(messages, runs=1000, days=28, a_day=200)
    assert sequential <= 0.05
    assert fixed > 0.15  # what the sequential test is for


@pytest.mark.parametrize("draw", [errors, stops])
def test_neither_are_rare_events_nor_rates(draw):
    sequential, _ = rejections(draw, runs=300, days=14, a_day=200)
    assert sequential <= 0.05


def test_a_lift_is_found_with_the_promised_power():
    dice = np.random.default_rng(2)
    drawn = messages(dice, 200_000)[:, 0]
    needed = units_needed(0.2, float(drawn.std() / drawn.mean()))
    found, _ = rejections(messages, 0.2, runs=200, days=10, a_day=-(-needed // 10), seed=3)
    assert found >= 0.75  # 80 %, less what 200 runs are uncertain by
