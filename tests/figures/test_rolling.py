"""Hours are made whole, once or many times, and a day is the sum of its hours."""

from datetime import UTC, datetime, timedelta

import pytest

from figures.cells import ALL, Cells, Figures, figures_of, replace_hour
from figures.models import DAY, HOUR, Cell, Made
from figures.rolling import Source, roll, roll_again

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)


class Events:
    """What has happened, as a source: moments."""

    def __init__(self) -> None:
        self.at: list[datetime] = []
        self.reads = 0
        self.source = Source("test", self.first, self.last, self.read)

    def first(self) -> datetime | None:
        return min(self.at, default=None)

    def last(self) -> datetime | None:
        return max(self.at, default=None)

    def read(self, since: datetime, until: datetime) -> Cells:
        self.reads += 1
        cells: Cells = {}
        for moment in self.at:
            if since <= moment < until:
                figures_of(cells, ALL).count("events")
                figures_of(cells, ("minute", str(moment.minute))).note("seconds", moment.minute * 60)
        return cells


@pytest.fixture
def events() -> Events:
    return Events()


def counted(grain: int, begins_at: datetime, cut=ALL) -> Figures:
    figures = Figures()
    for cell in Cell.objects.filter(kind="test", grain=grain, begins_at=begins_at, cut=cut[0], value=cut[1]):
        figures.take(cell.body)
    return figures


def test_hours_and_their_day_hold_what_happened_in_them(events):
    events.at = [NOON + 5 * MINUTE, NOON + 65 * MINUTE, NOON + 66 * MINUTE]
    roll(events.source, NOON + 3 * AN_HOUR)
    assert counted(HOUR, NOON)["events"] == 1
    assert counted(HOUR, NOON + AN_HOUR)["events"] == 2
    assert counted(DAY, NOON.replace(hour=0))["events"] == 3
    assert counted(DAY, NOON.replace(hour=0), ("minute", "5")).sketches["seconds"].count == 2


def test_rolling_twice_changes_nothing(events):
    events.at = [NOON + 5 * MINUTE]
    roll(events.source, NOON + 10 * MINUTE)
    roll(events.source, NOON + 11 * MINUTE)
    roll_again(events.source, NOON, NOON + AN_HOUR, NOON + 12 * MINUTE)
    assert counted(HOUR, NOON)["events"] == 1
    assert counted(DAY, NOON.replace(hour=0))["events"] == 1


def test_the_open_hour_grows_and_a_row_that_was_committed_late_is_still_counted(events):
    events.at = [NOON + 5 * MINUTE]
    roll(events.source, NOON + 6 * MINUTE)
    events.at += [NOON + 4 * MINUTE, NOON + 59 * MINUTE]  # the first ended before the last run, unseen
    roll(events.source, NOON + 64 * MINUTE)
    assert counted(HOUR, NOON)["events"] == 3


def test_what_is_final_is_not_read_again(events):
    events.at = [NOON + 5 * MINUTE]
    roll(events.source, NOON + 2 * AN_HOUR)
    before = events.reads
    assert roll(events.source, NOON + 2 * AN_HOUR + MINUTE) == 0
    assert events.reads == before


def test_an_idle_installation_is_not_read_every_half_minute(events):
    events.at = [NOON + 5 * MINUTE]
    assert roll(events.source, NOON + 8 * MINUTE) == 1
    assert roll(events.source, NOON + 9 * MINUTE) == 0


def test_after_days_without_a_worker_all_hours_are_made(events):
    events.at = [NOON + number * AN_HOUR for number in range(60)]
    roll(events.source, NOON + timedelta(days=4))
    assert sum(counted(DAY, NOON.replace(hour=0) + timedelta(days=day))["events"] for day in range(5)) == 60


def test_who_read_earlier_does_not_overwrite_who_read_later():
    late, early = Figures(), Figures()
    late.count("events", 2)
    early.count("events", 1)
    assert replace_hour("test", NOON, {ALL: late}, NOON + 9 * MINUTE)
    assert not replace_hour("test", NOON, {ALL: early}, NOON + 8 * MINUTE)
    assert counted(HOUR, NOON)["events"] == 2
    assert Made.objects.get(grain=HOUR).read_at == NOON + 9 * MINUTE


def test_nothing_at_all_makes_nothing(events):
    assert roll(events.source, NOON) == 0
    assert not Made.objects.exists()
