"""The simulated days tell who gains and who costs, and are the same each time."""

import pytest

from tests.bench.preloading import HABIT, NEVER, Installation, played

pytestmark = pytest.mark.django_db
DAYS = 3


def test_what_pays_for_people_of_habit_stops_for_who_never_does_anything_twice(settings) -> None:
    settings.ANSWER_CACHE = True
    habit = played(Installation("habit", (HABIT,), people=2), DAYS, seed=3)
    assert habit.rows["answer"].last.used > 0
    assert habit.rows["answer"].last.gain_microusd > 0
    again = played(Installation("habit", (HABIT,), people=2), DAYS, seed=3)
    assert again == habit
    never = played(Installation("never", (NEVER,), people=2), DAYS, seed=3)
    assert never.rows["answer"].all.made < habit.rows["answer"].all.made / 4
    assert never.rows["fit"].all.made == 0
