"""The first-token clock: the catalogue's, until experience says that nobody speaks so late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.clocks import KNOWN, LEAST, READING, first_token_clock
from chat.gateway.recent import RecentTimes
from tests.chat.gateway.scripted import ask

HELLO = ask("hello", model="p/m")


def measured(*seconds: float) -> RecentTimes:
    recent = RecentTimes()
    for time in seconds:
        recent.note("p/m", time)
    return recent


def test_without_experience_it_is_the_catalogues() -> None:
    assert first_token_clock(30, RecentTimes(), HELLO) == 30
    assert first_token_clock(30, measured(*[0.1] * (KNOWN - 1)), HELLO) == 30


def test_it_is_a_multiple_of_the_recent_p99() -> None:
    assert first_token_clock(30, measured(*[2.0] * KNOWN), HELLO) == pytest.approx(6)


def test_a_fast_model_may_stumble() -> None:
    assert first_token_clock(30, measured(*[0.05] * KNOWN), HELLO) == pytest.approx(LEAST, rel=0.01)


def test_another_models_times_are_no_experience() -> None:
    assert first_token_clock(30, measured(*[0.1] * KNOWN), ask("hello", model="p/other")) == 30


def test_a_long_prompt_is_given_the_time_to_be_read() -> None:
    long = ask("x" * 10 * READING, model="p/m")
    assert first_token_clock(30, measured(*[0.1] * KNOWN), long) == pytest.approx(LEAST + 10)


def test_it_doubles_each_time_it_rings_in_vain_until_somebody_answers() -> None:
    recent = measured(*[2.0] * KNOWN)
    recent.note_late("p/m")
    assert first_token_clock(30, recent, HELLO) == pytest.approx(12)
    recent.note_late("p/m")
    assert first_token_clock(30, recent, HELLO) == pytest.approx(24)
    recent.note_late("p/m")
    assert first_token_clock(30, recent, HELLO) == 30
    recent.note("p/m", 1.0)
    assert first_token_clock(30, recent, HELLO) == pytest.approx(6)


@given(st.lists(st.floats(0, 1e6), max_size=150), st.integers(0, 5000), st.floats(0.01, 600))
def test_it_is_never_longer_than_allowed_and_never_nothing(times, late: int, allowed: float) -> None:
    recent = measured(*times)
    for _ in range(late):
        recent.note_late("p/m")
    assert min(allowed, LEAST) <= first_token_clock(allowed, recent, HELLO) <= allowed
