"""Who gets which variant: the published cases, and what must hold for any weights, coverage and ids."""

import itertools

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.assignment import bucket, bucket_after, choose, fnv1a32, in_group, ranges, shares
from tests.experiments import published

UNITS = [str(number) for number in range(100_000)]
weights_of_any_kind = st.lists(
    st.one_of(st.integers(0, 1000), st.floats(0, 1000, allow_nan=False, allow_subnormal=False)),
    min_size=1,
    max_size=6,
)
coverages = st.floats(0, 1)
places = st.integers(0, 9_999).map(lambda number: number / 10_000)


@pytest.mark.parametrize(("seed", "unit", "place"), published.HASH)
def test_the_hash_is_the_published_one(seed, unit, place):
    assert bucket(seed, unit) == place
    assert bucket_after(fnv1a32(seed), unit) == place


@pytest.mark.parametrize(("name", "given_", "expected"), published.RANGES)
def test_the_ranges_are_the_published_ones(name, given_, expected):
    assert [tuple(round(end, 6) for end in taken) for taken in ranges(*given_)] == expected, name


@pytest.mark.parametrize(("name", "place", "taken", "expected"), published.CHOICES)
def test_the_choice_is_the_published_one(name, place, taken, expected):
    assert choose(place, taken) == expected, name


@pytest.mark.parametrize(("unit", "group", "start", "end", "inside"), published.GROUPS)
def test_groups_are_the_published_ones(unit, group, start, end, inside):
    assert in_group(group, unit, start, end) is inside


def test_only_ascii_is_hashed():
    with pytest.raises(UnicodeEncodeError):
        bucket("seed", "é")


# --- Weights


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1, 1], [0.5, 0.5]),
        ([50, 50], [0.5, 0.5]),
        ([0.5, 0.5], [0.5, 0.5]),
        ([1, 2, 1], [0.25, 0.5, 0.25]),
        ([0.4, 0.1], [0.8, 0.2]),
        ([0, 3], [0, 1]),
        ([0, 0, 0], [1, 0, 0]),
    ],
)
def test_weights_of_any_sum_are_parts_of_one(weights, expected):
    assert shares(weights) == pytest.approx(expected)


@pytest.mark.parametrize("weights", [[], [-1, 2]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        shares(weights)


@given(weights=weights_of_any_kind, place=places)
def test_with_full_coverage_everybody_has_a_variant_and_never_one_of_weight_zero(weights, place):
    parts = shares(weights)
    chosen = choose(place, ranges(len(parts), 1.0, parts))
    assert chosen is not None
    assert parts[chosen] > 0


@given(weights=weights_of_any_kind, place=places, low=coverages, high=coverages)
def test_raising_coverage_moves_nobody(weights, place, low, high):
    low, high = sorted((low, high))
    parts = shares(weights)
    before = choose(place, ranges(len(parts), low, parts))
    after = choose(place, ranges(len(parts), high, parts))
    assert before in (None, after)


@given(weights=weights_of_any_kind, coverage=coverages)
def test_ranges_never_overlap_nor_leave_the_unit_interval(weights, coverage):
    taken = ranges(len(weights), coverage, shares(weights))
    ends = [end for one in taken for end in one]
    assert ends == sorted(ends)
    assert ends[0] >= 0
    assert ends[-1] <= 1 + 1e-9


# --- Over 100,000 ids


SEEDS = ("one:1:", "two:1:", "chat-batch:1:", "routing:1:")


@pytest.fixture(scope="module")
def placed() -> dict[str, list[float]]:
    return {seed: [bucket(seed, unit) for unit in UNITS] for seed in SEEDS}


@pytest.mark.parametrize("weights", [[1, 1], [1, 2, 1], [0.9, 0.1], [5, 0, 95], [1, 1, 1, 1, 1]])
@pytest.mark.parametrize("coverage", [1.0, 0.3])
def test_over_100_000_ids_every_weight_is_within_its_interval(placed, weights, coverage):
    parts = shares(weights)
    taken = ranges(len(parts), coverage, parts)
    for places_ in placed.values():
        chosen = [choose(place, taken) for place in places_]
        for number, part in enumerate(parts):
            probability = part * coverage
            low, high = stats.binom.interval(0.999, len(UNITS), probability)
            assert low <= chosen.count(number) <= high


def test_two_experiments_assign_independently(placed):
    one, two = (numpy.digitize(places_, [0.25, 0.5, 0.75]) for places_ in list(placed.values())[:2])
    table = numpy.histogram2d(one, two, bins=(4, 4))[0]
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_the_phases_of_an_experiment_assign_independently():
    first, second = ([bucket(seed, unit) < 0.5 for unit in UNITS[:20_000]] for seed in ("one:1:", "one:2:"))
    table = numpy.histogram2d(first, second, bins=(2, 2))[0]
    assert stats.chi2_contingency(table).pvalue > 0.001


@settings(max_examples=50)
@given(ends=st.lists(st.integers(0, 1000), min_size=2, max_size=5, unique=True), unit=st.integers(0, 10**9))
def test_parts_of_a_group_that_do_not_overlap_have_nobody_in_common(ends, unit):
    cuts = [end / 1000 for end in sorted(ends)]
    assert sum(in_group("chat", str(unit), start, end) for start, end in itertools.pairwise(cuts)) <= 1
