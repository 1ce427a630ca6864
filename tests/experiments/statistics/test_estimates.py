"""Estimates against what NumPy computes otherwise, and against simulated truth."""

import numpy as np
import pytest

from experiments.statistics.estimates import (
    VAGUE,
    Estimate,
    adjusted,
    as_lift,
    log_ratio,
    mean,
    quantile,
    ratio,
)


@pytest.fixture
def dice():
    return np.random.default_rng(7)


def test_a_mean_of_known_numbers():
    found = mean(np.array([1.0, 2.0, 3.0, 4.0]))
    assert (found.value, found.units) == (2.5, 4)
    assert found.se == pytest.approx((5 / 3 / 4) ** 0.5)
    low, high = found.interval()
    assert (low + high) / 2 == pytest.approx(2.5)
    assert high - low == pytest.approx(2 * 1.959964 * found.se)


def test_a_ratios_error_is_that_of_units_and_not_of_events(dice):
    """400 simulated days: the delta method's error is the spread of the ratios themselves."""
    found = []
    for _ in range(400):
        answers = 1.0 + dice.geometric(0.2, 500)
        stopped = dice.binomial(answers.astype(int), dice.beta(1, 4, 500)).astype(float)
        found.append(ratio(stopped, answers))
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.se for one in found]) == pytest.approx(spread, rel=0.12)
    share = found[0].value
    as_if_independent = (share * (1 - share) / (500 * 6)) ** 0.5
    assert found[0].se > 1.3 * as_if_independent


def test_a_quantiles_interval_covers_where_events_of_a_person_resemble_each_other(dice):
    truth, inside = np.exp(np.quantile(dice.normal(0, 1, 400_000) + dice.normal(0, 0.5, 400_000), 0.95)), 0
    for _ in range(300):
        people = np.repeat(np.arange(400), 10)
        values = np.exp(dice.normal(0, 1, 400)[people] + dice.normal(0, 0.5, 4000))
        low, high = quantile(values, people, 0.95).interval()
        inside += low <= truth <= high
    assert 0.90 <= inside / 300 <= 0.99


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.8])
def test_cuped_leaves_the_variance_that_theory_leaves(dice, correlation):
    groups = []
    for _ in range(2):
        past = dice.normal(5, 2, 20_000)
        groups.append((correlation * past + (1 - correlation**2) ** 0.5 * dice.normal(5, 2, 20_000), past))
    found, left = adjusted(groups)
    assert left == pytest.approx(1 - correlation**2, abs=0.02)
    assert found[0].var() / groups[0][0].var() == pytest.approx(1 - correlation**2, abs=0.02)


def test_cuped_does_not_move_a_difference_that_is_there(dice):
    past = [dice.normal(5, 2, 20_000) for _ in range(2)]
    groups = [
        (past[0] + dice.normal(0, 1, 20_000), past[0]),
        (past[1] + 0.5 + dice.normal(0, 1, 20_000), past[1]),
    ]
    (control, other), _ = adjusted(groups)
    assert other.mean() - control.mean() == pytest.approx(0.5, abs=0.05)


def test_people_without_a_past_are_left_as_they_are():
    values = np.array([1.0, 2.0, 3.0])
    (found,), left = adjusted([(values, np.zeros(3))])
    assert (found.tolist(), left) == ([1.0, 2.0, 3.0], 1.0)


def test_a_lift_is_a_part_of_control():
    found = log_ratio(Estimate(2.0, 0.1, 50), Estimate(2.5, 0.1, 60))
    assert found is not None
    assert as_lift(found.value) == pytest.approx(0.25)
    assert found.se == pytest.approx(((0.1 / 2) ** 2 + (0.1 / 2.5) ** 2) ** 0.5)
    assert found.units == 110


@pytest.mark.parametrize(
    "control", [Estimate(0, 0, 50), Estimate(1, VAGUE * 1.01, 50), Estimate(-1, 0.01, 50)]
)
def test_of_a_figure_that_is_vague_or_not_positive_no_part_is_told(control):
    assert log_ratio(control, Estimate(2.0, 0.1, 50)) is None
