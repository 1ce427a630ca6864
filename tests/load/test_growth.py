"""The judge of the soak: it finds what grows, and does not find what does not."""

import math
import random

import pytest

from tests.load.growth import ASKED, Growth, slope

HALF_AN_HOUR = [second / 3600 for second in range(0, 1800, 5)]


def test_a_slope_without_noise_has_no_bound():
    assert slope([0, 1, 2, 3], [5, 7, 9, 11]) == pytest.approx((2.0, 0.0))


def test_two_looks_tell_nothing():
    assert all(map(math.isnan, slope([0, 1], [5, 7])))


def test_the_bound_holds_what_is_true_for_looks_that_resemble_their_neighbours():
    """As memory does: a look is nine tenths of the one before, and noise; it grows by 12 an hour."""
    dice, within = random.Random(7), 0
    for _ in range(200):
        drift, values = 0.0, []
        for hours in HALF_AN_HOUR:
            drift = 0.9 * drift + dice.gauss(0, 1)
            values.append(100 + 12 * hours + drift)
        found, bound = slope(HALF_AN_HOUR, values)
        within += abs(found - 12) <= bound
    assert within > 170


def test_a_leak_is_called_one():
    looks = [
        (second, {("web-1", "descriptors"): 40 + second / 60, ("web-1", "threads"): 9.0 + second % 2})
        for second in range(0, 1800, 5)
    ]
    growth = Growth(looks, {("web-1", "threads"): 9.0}, {("web-1", "threads"): 9.0})
    descriptors, threads = growth.as_table().splitlines()[2:]
    assert "| 60.0 ± 0.0 | 60.0 ± 0.0 |  | grows" in descriptors
    assert "| no | 9.0 |" in threads


def test_what_fills_and_then_stays_is_told_from_a_leak_and_growth_is_told_by_questions_too():
    """One process is full after ten minutes; the other grows by 2 MB for 1,000 questions, of 9 a second."""
    looks = [
        (
            second,
            {
                ("web-1", "RSS, MB"): 150.0 + min(second, 600) / 20 + second % 2,
                ("web-2", "RSS, MB"): 150.0 + 2 * 9 * second / 1000,
                ASKED: 9.0 * second,
            },
        )
        for second in range(0, 1800, 5)
    ]
    filled, leaking = Growth(looks).as_table().splitlines()[2:]
    whole, half, by_questions, grows = [cell.strip() for cell in filled.split("|")[6:10]]
    assert float(whole.split(" ± ")[0]) > 30
    assert grows == "no"
    assert abs(float(half.split(" ± ")[0])) < 1
    assert abs(float(by_questions.split(" ± ")[0])) < 0.1
    assert "| 64.8 ± 0.0 | 64.8 ± 0.0 | 2.00 ± 0.00 | grows" in leaking
