"""A burst is allowed, a stream is paced, and a denied event costs nothing."""

from hypothesis import given
from hypothesis import strategies as st

from grump.lib.pace import Pace


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_whole_burst_is_allowed_and_the_next_is_told_how_long_to_wait():
    clock = Clock()
    pace = Pace(6, 60.0, clock=clock)
    assert [pace.wait("ann") for _ in range(6)] == [0.0] * 6
    assert pace.wait("ann") == 10.0
    clock.now += 10.0
    assert pace.wait("ann") == 0.0
    assert pace.wait("ann") > 0


def test_denied_events_do_not_push_the_next_one_back():
    clock = Clock()
    pace = Pace(1, 10.0, clock=clock)
    pace.wait("ann")
    assert [pace.wait("ann") for _ in range(50)] == [10.0] * 50


def test_one_party_does_not_wait_for_another():
    pace = Pace(1, 60.0, clock=Clock())
    assert pace.wait("ann") == 0.0
    assert pace.wait("bob") == 0.0


@given(st.lists(st.floats(0, 20), max_size=200))
def test_no_period_ever_holds_more_than_twice_the_burst(gaps):
    clock = Clock()
    pace = Pace(5, 30.0, clock=clock)
    allowed = []
    for gap in gaps:
        clock.now += gap
        if pace.wait("ann") == 0.0:
            allowed.append(clock.now)
    for at in allowed:
        assert sum(1 for other in allowed if at <= other < at + 30.0) <= 10


def test_it_remembers_a_bounded_number_of_parties():
    pace = Pace(1, 60.0, parties=3, clock=Clock())
    for party in range(5):
        pace.wait(party)
    assert pace.wait(0) == 0.0  # forgotten, so forgiven
    assert pace.wait(4) > 0
