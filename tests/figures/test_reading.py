"""What was added up is read by window, step and cut."""

from datetime import UTC, datetime, timedelta

import pytest

from figures.cells import ALL, Figures, replace_hour
from figures.reading import WINDOWS, browser_sketches, by, series

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


def an_hour(hours_ago: int, kind: str = "answers") -> None:
    figures = Figures()
    figures.count("answers", 2)
    figures.note("first token", 100)
    hour = NOW.replace(minute=0) - timedelta(hours=hours_ago)
    replace_hour(kind, hour, {ALL: figures, ("model", "a"): figures}, NOW)


@pytest.mark.parametrize(("window", "counted"), [("day", 2), ("week", 3), ("month", 4)])
def test_a_window_holds_what_lies_in_it(window, counted):
    for hours_ago in (0, 23, 50, 24 * 20, 24 * 40):
        an_hour(hours_ago)
    found = series("answers", WINDOWS[window], NOW)
    assert found.total["answers"] == 2 * counted
    assert sum(figures["answers"] for _, figures in found.steps) == 2 * counted
    assert len(found.steps) == WINDOWS[window].steps
    assert by("answers", WINDOWS[window], NOW, "model")["a"]["answers"] == 2 * counted


def test_reading_is_one_query_however_much_there_is(django_assert_num_queries):
    for hours_ago in range(24):
        an_hour(hours_ago)
    with django_assert_num_queries(2):
        series("answers", WINDOWS["day"], NOW)
        by("answers", WINDOWS["day"], NOW, "model")


def test_browser_timings_are_there_for_experiments():
    figures = Figures()
    figures.note("LCP", 900)
    replace_hour("browser", NOW.replace(minute=0), {("variant", "batch:25"): figures}, NOW)
    found = browser_sketches(NOW - timedelta(hours=2), NOW)
    assert found["LCP", "batch:25"].quantile(0.5) == pytest.approx(900, rel=0.02)
