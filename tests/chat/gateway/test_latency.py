"""Bad news at once, good news by and by."""

import pytest

from chat.gateway.latency import PeakEwma
from chat.gateway.recent import RecentTimes


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_known_of_who_was_never_asked(clock: Clock) -> None:
    assert PeakEwma(clock).read("a") is None


def test_a_slow_answer_counts_at_once_and_whole(clock: Clock) -> None:
    waits = PeakEwma(clock)
    waits.note("a", 0.1)
    waits.note("a", 2.0)
    assert waits.read("a") == 2.0


def test_a_quick_answer_after_it_counts_for_as_much_as_time_has_passed(clock: Clock) -> None:
    waits = PeakEwma(clock, half_life_s=10)
    waits.note("a", 2.0)
    clock.now += 10
    waits.note("a", 1.0)
    assert waits.read("a") == pytest.approx(1.5)


def test_quick_answers_in_a_burst_still_lower_it(clock: Clock) -> None:
    waits = PeakEwma(clock)
    waits.note("a", 2.0)
    for _ in range(20):
        waits.note("a", 0.1)
    assert (waits.read("a") or 9) < 0.5


def test_who_was_not_asked_for_long_is_believed_to_be_well_again(clock: Clock) -> None:
    waits = PeakEwma(clock, half_life_s=10)
    waits.note("a", 4.0)
    clock.now += 20
    assert waits.read("a") == pytest.approx(1.0)


def test_each_has_its_own(clock: Clock) -> None:
    waits = PeakEwma(clock)
    waits.note("a", 1.0)
    waits.note("b", 3.0)
    assert (waits.read("a"), waits.read("b")) == (1.0, 3.0)


def test_recent_times_say_how_long_the_next_answer_may_take(clock: Clock) -> None:
    recent = RecentTimes(clock=clock)
    assert recent.expected("a") is None
    for seconds in (0.1, 3.0):
        recent.note("a", seconds)
    assert recent.expected("a") == 3.0
