"""The replay, small: what it counts is what happened."""

import math

import pytest

from chat.gateway.answers import MemoryStore
from tests.bench import trace
from tests.bench.trace import quantile_of, questions, replay


@pytest.fixture
def quick(monkeypatch) -> None:
    """A provider that is as uneven, a hundred times as fast."""
    monkeypatch.setattr(trace, "MEDIAN", trace.MEDIAN / 100)


async def test_repeats_do_not_reach_the_provider(quick) -> None:
    todo, store = list(questions(300, topics=20, rate=2_000)), MemoryStore()
    without, cached = await replay(todo, None), await replay(todo, store)
    assert without.from_["exact"] == 0
    assert cached.hit_rate > 0.5
    assert cached.upstream + round(cached.hit_rate * 300) == 300
    assert cached.wrong.total() == 0
    assert min(without.quantiles[0.5], cached.quantiles[0.5]) > 0
    again = await replay(todo, store)  # on a busy machine a repeat may have been joined: now all are kept
    assert (again.from_["exact"], again.upstream, again.wrong.total()) == (300, 0, 0)


def test_a_trace_is_the_same_each_time_and_as_skewed_as_said() -> None:
    todo = list(questions(5_000, topics=100, rate=100))
    assert todo == list(questions(5_000, topics=100, rate=100))
    first, tenth = (sum(one.topic == topic for one in todo) for topic in (0, 9))
    assert first / tenth == pytest.approx(10, rel=0.3)
    assert todo[-1].at == pytest.approx(50, rel=0.1)


def test_the_providers_times_are_those_of_the_goal() -> None:
    assert math.exp(math.log(trace.MEDIAN) + 1.6449 * trace.SIGMA) == pytest.approx(trace.P95)


def test_quantiles_are_read_as_prometheus_reads_them() -> None:
    buckets = {0.1: 50.0, 0.5: 90.0, 1.0: 100.0, math.inf: 100.0}
    assert quantile_of(buckets, 0.5) == pytest.approx(0.1)
    assert quantile_of(buckets, 0.7) == pytest.approx(0.3)
    assert quantile_of(buckets, 0.95) == pytest.approx(0.75)
    assert quantile_of({0.1: 0.0, math.inf: 4.0}, 0.5) == 0.1
