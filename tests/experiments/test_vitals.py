"""Browser timings by variant: shown, and not tested."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from experiments.readings import read, take
from experiments.vitals import vitals
from figures.cells import Cut, Figures, hour_of, replace_hour
from grump.accounts.models import User
from tests.experiments.crowds import exposed

HOUR = timedelta(hours=1)
THIS_HOUR = hour_of(timezone.now())


@pytest.fixture
def experiment(running):
    """Began a minute after a full hour."""
    made = running(primary="error_rate")
    made.phases.update(began_at=THIS_HOUR - 5 * HOUR + timedelta(minutes=1))
    return made


def measured(hours_ago: int, timings: dict[str, list[float]], name: str = "LCP") -> None:
    """By "experiment:variant"."""
    cells: dict[Cut, Figures] = {}
    for variant, values in timings.items():
        cells["variant", variant] = figures = Figures()
        for value in values:
            figures.note(name, value)
    replace_hour("browser", THIS_HOUR - hours_ago * HOUR, cells, timezone.now())


def shown(experiment) -> dict[str, dict[str, tuple[float | None, int]]]:
    told = vitals(experiment, experiment.phases.get(), timezone.now())
    return {
        one["name"]: {variant["key"]: (variant["p75"], variant["count"]) for variant in one["variants"]}
        for one in told
    }


def test_each_variant_has_its_own_p75(experiment):
    measured(2, {"colours:control": [800, 900, 1000, 1100, 1200], "colours:other": [2000]})
    measured(1, {"colours:other": [2000, 2000]})
    found = shown(experiment)["LCP"]
    assert found["control"] == (pytest.approx(1100, rel=0.02), 5)
    assert found["other"] == (pytest.approx(2000, rel=0.02), 3)


def test_others_experiments_and_the_hour_it_began_in_are_left_out(experiment):
    measured(5, {"colours:other": [2000]})  # a part of it was before the start
    measured(2, {"colours_too:other": [2000], "hues:other": [2000]})
    assert shown(experiment) == {}
    measured(1, {"colours:other": [90]}, "INP")
    assert shown(experiment) == {"INP": {"control": (None, 0), "other": (pytest.approx(90, rel=0.02), 1)}}


def test_the_page_shows_them_and_says_that_they_are_not_tested(experiment, client):
    client.force_login(User.objects.create_superuser("root", password="x"))
    exposed(experiment, {"control": 5, "other": 5})
    measured(1, {"colours:control": [1000], "colours:other": [2000, 2000]})
    measured(2, {"colours:control": [0.25]}, "CLS")
    take(experiment)
    page = reverse("admin:experiments_experiment_results", args=[experiment.pk])
    text = client.get(page).content.decode()
    for words in ("Largest contentful paint", "1 timing<", "2 timings", "Not tested", "Layout shift"):
        assert words in text


def test_a_split_that_is_not_the_one_asked_for_hides_them_too(experiment):
    measured(1, {"colours:control": [1000]})
    exposed(experiment, {"control": 400, "other": 250})
    assert "vitals" not in read(experiment, timezone.now())
