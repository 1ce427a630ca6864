"""The same as SciPy's, which the product does without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.statistics.distributions import chi_square_beyond, normal_beyond, normal_quantile


@given(st.floats(1e-300, 1 - 1e-15))
def test_the_normal_quantile(probability):
    assert normal_quantile(probability) == pytest.approx(stats.norm.ppf(probability), rel=1e-9, abs=1e-12)


@given(st.floats(-37, 37))
def test_the_part_of_a_normal_that_lies_beyond(value):
    assert normal_beyond(value) == pytest.approx(stats.norm.sf(value), rel=1e-9)


@given(value=st.floats(0, 1_400), degrees=st.integers(1, 30))
def test_the_part_of_a_chi_square_that_lies_beyond(value, degrees):
    expected = stats.chi2.sf(value, degrees)
    assert chi_square_beyond(value, degrees) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_far_out_it_is_impossible_and_not_an_error():
    assert chi_square_beyond(1e12, 4) == 0
    assert normal_beyond(1e9) == 0
    assert normal_beyond(-1e9) == 1
