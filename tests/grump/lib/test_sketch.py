"""A sketch tells quantiles within its accuracy, however it came about."""

import random

import pytest

from grump.lib.sketch import ACCURACY, Sketch


@pytest.fixture
def values() -> list[float]:
    dice = random.Random(8)
    return [dice.lognormvariate(5, 1.5) for _ in range(5_000)]


def test_every_quantile_is_within_one_percent_of_the_true_one(values):
    sketch, values = Sketch(values), sorted(values)
    for share in (0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0):
        true = values[int(share * (len(values) - 1))]
        assert sketch.quantile(share) == pytest.approx(true, rel=ACCURACY * 1.001)


def test_parts_merged_are_the_whole(values):
    whole, merged = Sketch(values), Sketch(values[:100])
    merged.merge(Sketch(values[100:2_000]))
    merged.take(Sketch(values[2_000:]).packed())
    assert merged.counts == whole.counts
    assert merged.sum == pytest.approx(whole.sum)


def test_nothing_has_no_quantile_and_no_mean():
    assert Sketch().quantile(0.5) is None
    assert Sketch().mean is None
    assert Sketch().share_up_to(1) is None


def test_zero_and_what_is_beyond_the_bounds_are_counted_too():
    sketch = Sketch([0, 0, 1e-12, 1e12])
    assert sketch.count == 4
    assert sketch.quantile(0) == 0.0
    assert sketch.quantile(1) == pytest.approx(1e8, rel=0.02)


def test_the_share_within_a_target_is_told():
    assert Sketch(range(1, 101)).share_up_to(50) == pytest.approx(0.5, abs=0.02)


def test_a_sketch_of_anything_stays_small():
    dice = random.Random(9)
    sketch = Sketch(10 ** dice.uniform(-9, 12) for _ in range(20_000))
    assert len(sketch.counts) <= 1_383
