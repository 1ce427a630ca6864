from datetime import timedelta

import pytest
from django.utils import timezone

from grump.pwa.templatetags.days import day_group, is_shown, iso

NOON = timezone.now().replace(hour=12, minute=0)


@pytest.mark.parametrize(
    ("days", "group"),
    [
        (-1, "Today"),
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Last 7 days"),
        (7, "Last 7 days"),
        (8, "Last 30 days"),
        (30, "Last 30 days"),
        (31, "Earlier"),
    ],
)
def test_a_line_stands_under_its_day(days, group):
    assert day_group(NOON - timedelta(days=days)) == group
    assert day_group((NOON - timedelta(days=days)).isoformat()) == group


def test_yesterday_begins_at_midnight_and_not_a_day_ago():
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    assert day_group(midnight) == "Today"
    assert day_group(midnight - timedelta(seconds=1)) == "Yesterday"


def test_a_time_is_written_as_the_api_writes_it():
    assert iso(NOON) == iso(NOON.isoformat()) == NOON.isoformat()


def test_the_shown_line_is_found_by_its_id():
    assert is_shown({"id": "a"}, {"id": "a"})
    assert not is_shown({"id": "a"}, {"id": "b"})
    assert not is_shown({"id": "a"}, None)
