"""The nearest vectors, against comparing all of them; and what happens when it is full."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.neighbours import Neighbours

numbers = st.floats(-1, 1, allow_nan=False, width=32)


def cosine(one, other) -> float:
    length = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / length if length else 0.0


@given(st.lists(st.lists(numbers, min_size=8, max_size=8), min_size=1, max_size=20), st.integers(0, 19))
def test_among_few_the_nearest_is_the_nearest(vectors, at) -> None:
    wanted = vectors[at % len(vectors)]
    if math.hypot(*wanted) < 0.1:
        return
    index = Neighbours()
    for number, vector in enumerate(vectors):
        index.add("p", str(number), vector)
    key, found = index.nearest("p", wanted, 1)[0]
    assert found == pytest.approx(max(cosine(wanted, vector) for vector in vectors), abs=0.03)
    assert found == pytest.approx(cosine(wanted, vectors[int(key)]), abs=0.03)


def test_among_many_what_was_changed_a_little_is_found() -> None:
    chance = random.Random(7)
    vectors = [[chance.gauss(0, 1) for _ in range(384)] for _ in range(1_500)]
    index = Neighbours()
    for number, vector in enumerate(vectors):
        index.add("p", str(number), vector)
    for number in range(0, 1_500, 75):
        asked = [value + chance.gauss(0, 0.4) for value in vectors[number]]
        assert index.nearest("p", asked, 1)[0][0] == str(number)


def test_a_full_partition_forgets_its_oldest() -> None:
    index = Neighbours(capacity=3)
    for number in range(5):
        index.add("p", str(number), [float(number == at) + 0.01 for at in range(5)])
    assert len(index) == 3
    assert not index.has("p", "1")
    assert sorted(key for key, _ in index.nearest("p", [1.0] * 5, 9)) == ["2", "3", "4"]


def test_beyond_the_capacity_the_partition_used_longest_ago_goes() -> None:
    index = Neighbours(capacity=2)
    for partition in ("a", "b"):
        index.add(partition, "k", [1.0, 0.0])
    index.nearest("a", [1.0, 0.0], 1)
    index.add("c", "k", [1.0, 0.0])
    assert [index.has(partition, "k") for partition in ("a", "b", "c")] == [True, False, True]


def test_partitions_do_not_see_each_other() -> None:
    index = Neighbours()
    index.add("mine", "k", [1.0, 0.0])
    assert index.nearest("theirs", [1.0, 0.0], 4) == []


def test_the_same_key_is_kept_once() -> None:
    index = Neighbours()
    index.add("p", "k", [1.0, 0.0])
    index.add("p", "k", [0.0, 1.0])
    assert len(index) == 1
    assert index.nearest("p", [0.0, 1.0], 4) == [("k", pytest.approx(1.0, abs=0.01))]


def test_vectors_of_another_model_replace_those_of_the_last() -> None:
    index = Neighbours()
    index.add("p", "k", [1.0, 0.0])
    assert index.nearest("p", [1.0, 0.0, 0.0], 4) == []
    index.add("p", "n", [1.0, 0.0, 0.0])
    assert len(index) == 1
