"""A day ends at midnight where its owner is, also when the clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage.days import day_at, zone


@pytest.mark.parametrize(
    ("now", "name", "ends"),
    [
        ("2026-06-01T12:00", "UTC", "2026-06-02T00:00"),
        ("2026-06-01T23:30", "Europe/Berlin", "2026-06-02T22:00"),
        # 25 and 23 hours long
        ("2026-10-24T23:00", "Europe/Berlin", "2026-10-25T23:00"),
        ("2026-03-28T23:30", "Europe/Berlin", "2026-03-29T22:00"),
        # Midnight itself is skipped: the day ends at the change
        ("2026-09-05T20:00", "America/Santiago", "2026-09-06T04:00"),
        ("2026-06-01T12:00", "No/Such_Place", "2026-06-02T00:00"),
    ],
)
def test_it_ends_at_local_midnight(now, name, ends):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert day_at(moment, name)[1] == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@given(
    now=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 1, 1)),
    name=st.sampled_from(
        ["UTC", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]
    ),
)
def test_it_ends_later_than_now_within_26_hours_and_the_next_day_begins_there(now, name):
    now = now.replace(tzinfo=UTC)
    date, ends = day_at(now, name)
    assert timedelta(0) < ends - now <= timedelta(hours=26)
    assert ends.astimezone(zone(name)).date() == date + timedelta(days=1)
