"""The breaker: opens on failure, lets one probe through, closes on success."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grump.lib.breaker import Admission, Breaker, LocalStore, Outcome, Policy, State

POLICY = Policy(
    consecutive=3, failure_rate=0.5, least_calls=10, window=30, pause=5, longest_pause=12, probe=60
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Case:
    def __init__(self) -> None:
        self.clock = Clock()
        self.breaker = Breaker("p", LocalStore(self.clock), POLICY)

    async def call(self, outcome: Outcome) -> None:
        admission = await self.breaker.admit()
        self.clock.now += 0.001
        await self.breaker.record(outcome, admission)

    async def calls(self, outcome: Outcome, times: int) -> None:
        for _ in range(times):
            await self.call(outcome)

    async def opened(self) -> "Case":
        await self.calls(Outcome.FAILURE, POLICY.consecutive)
        assert self.breaker.state is State.OPEN
        return self


async def test_it_opens_after_failures_in_a_row() -> None:
    case = Case()
    await case.calls(Outcome.FAILURE, 2)
    assert case.breaker.state is State.CLOSED
    await case.call(Outcome.FAILURE)
    assert case.breaker.state is State.OPEN


async def test_a_success_ends_the_row() -> None:
    case = Case()
    for _ in range(4):
        await case.calls(Outcome.SUCCESS, 3)
        await case.calls(Outcome.FAILURE, 2)
    assert case.breaker.state is State.CLOSED


async def test_it_opens_when_too_large_a_share_fails() -> None:
    case = Case()
    for _ in range(5):
        await case.calls(Outcome.SUCCESS, 1)
        await case.calls(Outcome.FAILURE, 1)
    assert case.breaker.state is State.OPEN


async def test_calls_that_began_with_a_success_are_no_row_when_they_time_out_together() -> None:
    case = Case()
    together = [await case.breaker.admit() for _ in range(20)]
    case.clock.now += 1
    for number, admission in enumerate(together):
        await case.breaker.record(Outcome.FAILURE if number > 13 else Outcome.SUCCESS, admission)
    assert case.breaker.state is State.CLOSED


async def test_old_failures_are_forgotten() -> None:
    case = Case()
    for _ in range(4):
        await case.call(Outcome.FAILURE)
        await case.call(Outcome.SUCCESS)
    case.clock.now += POLICY.window
    await case.calls(Outcome.SUCCESS, 9)
    await case.call(Outcome.FAILURE)
    assert case.breaker.state is State.CLOSED


async def test_open_it_says_when_to_come_back() -> None:
    case = await Case().opened()
    case.clock.now += 2
    admission = await case.breaker.admit()
    assert not admission.allowed
    assert admission.retry_after == pytest.approx(3.0)


async def test_half_open_it_lets_one_probe_through() -> None:
    case = await Case().opened()
    case.clock.now += POLICY.pause
    assert case.breaker.state is State.HALF_OPEN
    admissions = [await case.breaker.admit() for _ in range(50)]
    assert [admission.allowed for admission in admissions] == [True] + [False] * 49
    assert admissions[0].probe


async def test_a_probe_that_succeeds_closes_it() -> None:
    case = await Case().opened()
    case.clock.now += POLICY.pause
    await case.call(Outcome.SUCCESS)
    assert case.breaker.state is State.CLOSED
    assert (await case.breaker.admit()) == Admission(allowed=True)


async def test_each_failed_probe_doubles_the_pause_up_to_a_limit() -> None:
    case = await Case().opened()
    waits = []
    for _ in range(3):
        waits.append((await case.breaker.admit()).retry_after)
        case.clock.now += waits[-1]
        await case.call(Outcome.FAILURE)
    assert waits == pytest.approx([5.0, 10.0, 12.0])


async def test_a_probe_that_was_abandoned_makes_room_for_the_next() -> None:
    case = await Case().opened()
    case.clock.now += POLICY.pause
    await case.call(Outcome.ABANDONED)
    assert case.breaker.state is State.HALF_OPEN
    assert (await case.breaker.admit()).probe


async def test_a_probe_that_never_reports_is_taken_for_lost() -> None:
    case = await Case().opened()
    case.clock.now += POLICY.pause
    await case.breaker.admit()
    case.clock.now += POLICY.probe
    assert (await case.breaker.admit()).probe


async def test_a_call_from_before_it_opened_changes_nothing() -> None:
    case = Case()
    early = await case.breaker.admit()
    await case.opened()
    await case.breaker.record(Outcome.SUCCESS, early)
    assert case.breaker.state is State.OPEN


async def test_names_do_not_share_a_circuit() -> None:
    store = LocalStore(Clock())
    bad, good = Breaker("bad", store, POLICY), Breaker("good", store, POLICY)
    for _ in range(3):
        await bad.record(Outcome.FAILURE, await bad.admit())
    assert (bad.state, good.state) == (State.OPEN, State.CLOSED)


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.floats(0, 20))))
async def test_never_two_probes_at_once_and_always_a_way_back(history: list[tuple[Outcome, float]]) -> None:
    case = Case()
    for outcome, pause in history:
        admission = await case.breaker.admit()
        if admission.probe:
            assert not (await case.breaker.admit()).allowed
        if admission.allowed:
            await case.breaker.record(outcome, admission)
        case.clock.now += pause
    case.clock.now += POLICY.longest_pause
    assert (await case.breaker.admit()).allowed


async def test_too_many_slow_answers_open_it_and_a_row_of_them_does_not() -> None:
    case = Case()
    await case.calls(Outcome.SLOW, POLICY.consecutive + 1)
    assert case.breaker.state is State.CLOSED
    await case.calls(Outcome.SUCCESS, 5)
    assert case.breaker.state is State.CLOSED
    await case.call(Outcome.SLOW)
    assert case.breaker.state is State.OPEN


async def test_a_slow_probe_closes_it_since_it_answered() -> None:
    case = await Case().opened()
    case.clock.now += POLICY.pause
    await case.call(Outcome.SLOW)
    assert case.breaker.state is State.CLOSED
