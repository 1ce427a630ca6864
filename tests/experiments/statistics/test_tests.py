"""The tests that decide: sequential, of split ratios, of many at once, and what they need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.statistics.checks import MISMATCH, false_discoveries, family_wise, sample_ratio
from experiments.statistics.estimates import Estimate
from experiments.statistics.power import days_left, found_with, units_needed
from experiments.statistics.sequential import TIGHTEST_AT, interval, multiplier, p_value


@given(value=st.floats(-2, 2), se=st.floats(0.001, 1), units=st.integers(200, 10**7))
def test_the_p_value_and_the_interval_agree(value, se, units):
    found = Estimate(value, se, units)
    low, high = interval(found)
    assert (p_value(found) < 0.05) == (not low <= 0 <= high)


def test_peeking_costs_some_width_and_the_least_where_it_was_tuned():
    wide = [multiplier(units) for units in (200, 1_000, TIGHTEST_AT, 50_000, 5_000_000)]
    assert min(wide) == multiplier(TIGHTEST_AT)
    assert all(2.5 < one < 6 for one in wide)


def test_no_spread_is_certain():
    assert p_value(Estimate(0, 0, 500)) == 1
    assert p_value(Estimate(0.1, 0, 500)) == 0


# --- Splits


def test_a_planted_mismatch_is_caught_and_a_fair_split_is_not():
    assert sample_ratio([10_000, 10_050], [0.5, 0.5]) > MISMATCH
    assert sample_ratio([10_000, 9_400], [0.5, 0.5]) < MISMATCH
    assert sample_ratio([1_000, 9_050], [0.1, 0.9]) > MISMATCH
    assert sample_ratio([0, 0], [0.5, 0.5]) == 1


def test_somebody_in_a_variant_for_nobody_is_a_mismatch():
    assert sample_ratio([50, 50, 1], [0.5, 0.5, 0]) == 0
    assert sample_ratio([50, 50, 0], [0.5, 0.5, 0]) == 1


@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.05, 1)), min_size=2, max_size=6))
def test_a_split_is_judged_as_scipy_judges_it(split):
    counts, parts = zip(*split, strict=True)
    expected = [part / sum(parts) * sum(counts) for part in parts]
    wanted = stats.chisquare(counts, expected, sum_check=False).pvalue
    assert sample_ratio(counts, parts) == pytest.approx(wanted, rel=1e-6, abs=1e-280)


# --- Many at once


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_false_discoveries_are_controlled_as_by_scipy(p_values):
    assert false_discoveries(p_values) == pytest.approx(list(stats.false_discovery_control(p_values)))


def test_corrections_of_a_known_example():
    p_values = [0.01, 0.04, 0.03, 0.5]
    assert false_discoveries(p_values) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert family_wise(p_values) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert false_discoveries([]) == family_wise([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_corrections_only_ever_make_it_harder(p_values):
    discoveries, wise = false_discoveries(p_values), family_wise(p_values)
    for p, discovery, one in zip(p_values, discoveries, wise, strict=True):
        assert p <= discovery + 1e-12
        assert discovery <= one + 1e-12
        assert one <= 1


# --- Power


@pytest.mark.parametrize(("lift", "deviation"), [(0.05, 1.0), (-0.05, 1.0), (0.3, 7.0), (0.01, 0.4)])
def test_what_is_needed_is_the_fewest_that_will_do(lift, deviation):
    needed = units_needed(lift, deviation)
    assert needed is not None
    assert found_with(needed, lift, deviation) >= 0.8
    assert found_with(needed - 1, lift, deviation) < 0.8


def test_smaller_lifts_and_wider_spreads_take_more():
    assert units_needed(0.02, 1) > units_needed(0.05, 1) > units_needed(0.05, 0.5)
    assert units_needed(0, 1) is None
    assert units_needed(1e-6, 100) is None


@pytest.mark.parametrize(
    ("needed", "there", "a_day", "days"),
    [(100, 100, 5, 0), (100, 90, 5, 2), (100, 91, 5, 2), (100, 0, 0, None)],
)
def test_how_long_still(needed, there, a_day, days):
    assert days_left(needed, there, a_day) == days
