"""Whose turn it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.line import PRIORITIES, Full, Line, Waiter


def line(*waiting: Waiter, most: int = 100, of_a_party: int = 100) -> Line:
    made = Line(most, of_a_party)
    for waiter in waiting:
        made.join(waiter)
    return made


def test_the_more_urgent_goes_first() -> None:
    waiting = [Waiter(priority, "a") for priority in reversed(PRIORITIES)]
    made = line(*waiting)
    assert [made.next().priority for _ in waiting] == list(PRIORITIES)
    assert PRIORITIES == ("interactive", "regenerate", "api", "background")


def test_parties_take_turns() -> None:
    made = line(*(Waiter("api", party) for party in "aaabc"))
    assert [made.next().party for _ in range(5)] == list("abcaa")


def test_a_full_line_refuses_and_a_party_cannot_fill_it() -> None:
    made = line(*(Waiter("api", party) for party in "aab"), most=4, of_a_party=2)
    with pytest.raises(Full):
        made.join(Waiter("api", "a"))
    made.join(Waiter("api", "c"))
    with pytest.raises(Full):
        made.join(Waiter("api", "d"))
    made.join(Waiter("interactive", "d"))  # that is another line


def test_background_work_can_be_left_waiting() -> None:
    made = line(Waiter("background", "a"))
    assert made.next(background=False) is None
    assert made.next() is not None


def test_an_empty_line_has_no_next() -> None:
    assert line().next() is None


_waiters = st.lists(st.builds(Waiter, st.sampled_from(PRIORITIES), st.sampled_from("abcd")), max_size=30)


@given(_waiters, st.data())
def test_positions_are_the_turns_that_come(waiting: list[Waiter], data) -> None:
    made = line(*waiting)
    leaving = data.draw(st.sets(st.integers(0, len(waiting) - 1))) if waiting else set()
    for number in leaving:
        made.leave(waiting[number])
    stay = [waiter for number, waiter in enumerate(waiting) if number not in leaving]
    positions = {waiter: made.position(waiter) for waiter in stay}
    assert len(made) == len(stay)
    served = [made.next() for _ in stay]
    assert [positions[waiter] for waiter in served] == list(range(1, len(stay) + 1))
    assert len(made) == 0
