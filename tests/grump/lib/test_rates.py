"""Rates hold in every window, in Valkey and here alike, and what is denied costs nothing."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grump.lib.breaker import State
from grump.lib.cache.shared import Shared
from grump.lib.rates import Rate, Rates
from grump.lib.valkey import ValkeyBreaker

NOWHERE = "redis://127.0.0.1:1/0"
names = itertools.count()


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def rates(url: str | None = None, **options) -> Rates:
    return Rates(Shared(url or settings.REDIS_URL, ValkeyBreaker(30.0, name="rates test")), **options)


def party() -> str:
    return f"test-{next(names)}"


gaps = st.lists(st.floats(0, 40, allow_nan=False), max_size=60)


def allowed_at(here: Rates, clock: Clock, gaps: list[float], rate: Rate, take) -> list[float]:
    at = []
    for gap in gaps:
        clock.now += gap
        if take(rate).allowed:
            at.append(clock.now)
    return at


@given(gaps, st.integers(1, 9), st.sampled_from([30.0, 60.0, 61.7]))
def test_no_window_ever_holds_more_than_the_allowance(gaps, most, period):
    clock = Clock()
    here = rates(NOWHERE, clock=clock)
    rate = Rate("p", most, period)
    at = allowed_at(here, clock, gaps, rate, here.take_here)
    for first, last in itertools.combinations_with_replacement(range(len(at)), 2):
        assert last - first + 1 <= most + (at[last] - at[first]) * most / period + 1e-6


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.floats(0, 40, allow_nan=False), st.booleans(), st.booleans()), max_size=40),
    st.integers(1, 5),
    st.integers(1, 7),
)
def test_valkey_rules_as_this_process_does(valkey, events, most, others):
    clock = Clock()
    there, here = rates(clock=clock), rates(NOWHERE, clock=clock)
    one, two = Rate(party(), most, 60.0), Rate(party(), others, 100.0)
    for gap, with_one, with_two in events:
        clock.now += gap
        asked = [one] * with_one + [two] * with_two
        if asked:
            assert there.take(*asked) == here.take_here(*asked)


def test_what_is_denied_does_not_push_the_next_one_back(valkey):
    clock = Clock()
    there = rates(clock=clock)
    rate = Rate(party(), 1, 10.0)
    assert there.take(rate).allowed
    assert [there.take(rate).retry_after_s for _ in range(20)] == [10.0] * 20
    clock.now += 10
    assert there.take(rate).allowed


def test_who_is_denied_by_one_is_counted_by_none(valkey):
    clock = Clock()
    there = rates(clock=clock)
    key, user = Rate(party(), 1, 60.0), Rate(party(), 3, 60.0)
    assert there.take(key, user).allowed
    ruling = there.take(key, user)
    assert (ruling.allowed, ruling.rate) == (False, key)
    assert there.take(user).remaining == 1


def test_what_is_left_is_told(valkey):
    there = rates(clock=Clock())
    rate = Rate(party(), 3, 60.0)
    rulings = [there.take(rate) for _ in range(4)]
    assert [ruling.remaining for ruling in rulings] == [2, 1, 0, 0]
    assert [ruling.reset_s for ruling in rulings] == [20.0, 40.0, 60.0, 60.0]
    assert rulings[-1].retry_after_s == 20.0


def test_fifty_at_once_through_two_processes_get_what_there_is(valkey):
    one, other = rates(), rates()
    rate = Rate(party(), 20, 3600.0)
    with ThreadPoolExecutor(8) as threads:
        rulings = list(threads.map(lambda n: (one, other)[n % 2].take(rate), range(50)))
    assert sum(ruling.allowed for ruling in rulings) == 20


async def test_an_event_loop_asks_the_same_books(valkey):
    there = rates()
    rate = Rate(party(), 5, 3600.0)
    try:
        rulings = await asyncio.gather(*(there.atake(rate) for _ in range(9)))
    finally:
        await there._shared.aclose()
    assert sum(ruling.allowed for ruling in rulings) == 5
    assert there.take(rate).allowed is False


def test_without_valkey_this_process_counts_for_itself():
    away = rates(NOWHERE, clock=Clock())
    rate = Rate(party(), 2, 60.0)
    assert [away.take(rate).allowed for _ in range(7)] == [True, True, *[False] * 5]
    assert away._shared.breaker.state is State.OPEN


def test_it_remembers_a_bounded_number_of_parties():
    away = rates(NOWHERE, clock=Clock(), parties=3)
    for number in range(5):
        away.take_here(Rate(f"p{number}", 1, 60.0))
    assert away.take_here(Rate("p0", 1, 60.0)).allowed  # forgotten, so forgiven
    assert not away.take_here(Rate("p4", 1, 60.0)).allowed


@pytest.mark.parametrize(("most", "period"), [(0, 60.0), (-1, 60.0), (1, 0.0)])
def test_a_rate_that_never_allows_anything_is_a_mistake(most, period):
    with pytest.raises(ValueError):
        Rate("p", most, period)
