"""What a draft would take, reckoned from the past of its audience."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from experiments import forecast as forecasting
from experiments.forecast import forecast
from experiments.models import Experiment, Holdout, Variant
from experiments.readings import read
from experiments.statistics.power import units_needed
from grump.accounts.models import User
from tests.experiments.crowds import answered, exposed
from tests.experiments.test_readings import failing
from usage.models import Membership, Plan, Team

DAY = timedelta(days=1)


@pytest.fixture
def draft(db) -> Experiment:
    made = Experiment.objects.create(key="colours", title="Colours", primary="error_rate")
    for position, key in enumerate(("control", "other")):
        Variant.objects.create(experiment=made, key=key, position=position)
    return made


def a_crowd(count: int, **values) -> list[User]:
    start = User.objects.count()
    return User.objects.bulk_create(
        [User(username=f"crowd-{start + number}", **values) for number in range(count)]
    )


def told(draft: Experiment, **values) -> dict:
    for name, value in values.items():
        setattr(draft, name, value)
    return forecast(draft, timezone.now())


def test_as_many_are_asked_for_as_the_spread_of_the_past_demands(draft):
    answered(a_crowd(400), 4, ago=3 * DAY, values=failing(0.3))
    found = told(draft, least_effect=0.1)
    # Four answers a person that fail independently: a variance of p (1 - p) / 4 about p.
    needed = units_needed(0.1, (0.7 / 0.3 / 4) ** 0.5)
    assert found["needed"] == pytest.approx(needed, rel=0.25)
    assert (found["seen"], found["units"], found["effect"]) == (4, 400, 0.1)
    assert found["days"] == pytest.approx(found["needed"] / (200 / 3), abs=2)


def test_a_reading_of_the_same_people_asks_for_as_many(draft, running):
    later = running("later", primary="error_rate")
    later.phases.update(began_at=timezone.now() - DAY)
    people = exposed(later, {"control": 200, "other": 200})
    for one in people.values():
        answered(one, 4, values=failing(0.3))
    before = told(draft)["needed"]
    after = read(later, timezone.now())["plan"]["needed"]
    assert before == pytest.approx(after, rel=0.05)


def test_people_who_are_alike_are_found_different_by_a_hundred_of_each(draft):
    answered(a_crowd(240), 2, ago=3 * DAY)
    found = told(draft, primary="messages_a_day")
    assert (found["needed"], found["days"]) == (100, 3)


def test_less_coverage_and_a_holdout_take_longer_and_not_more_people(draft):
    answered(a_crowd(300), 4, ago=3 * DAY, values=failing(0.3))
    full = told(draft)
    half = told(draft, coverage=0.5)
    held = told(draft, holdout=Holdout(name="all", part=0.5))
    assert full["needed"] == half["needed"] == held["needed"]
    assert half["days"] == pytest.approx(2 * full["days"], rel=0.05)
    assert held["days"] == pytest.approx(4 * full["days"], rel=0.05)


def test_each_further_variant_asks_for_more_people(draft):
    answered(a_crowd(300), 4, ago=3 * DAY, values=failing(0.3))
    two = told(draft)["needed"]
    Variant.objects.create(experiment=draft, key="third", position=2)
    assert told(draft)["needed"] > two


def test_who_comes_daily_is_one_person_and_brings_no_end_nearer(draft):
    people = a_crowd(200)
    for days in (20, 10, 2):
        answered(people, 1, ago=days * DAY, values=failing(0.3))
    found = told(draft)
    assert found["units"] == 200
    assert found["needed"] > 200
    assert found["days"] is None


def test_new_people_do(draft):
    for days in range(1, 22, 2):
        answered(a_crowd(30), 4, ago=days * DAY, values=failing(0.3, seed=days))
    found = told(draft)
    assert found["units"] == 330
    # In the last of its weeks, going back, 120 came who had not come since: 60 of them to each variant.
    assert found["days"] == pytest.approx(21 + (found["needed"] - 165) / (60 / 7), abs=2)


def test_only_the_audience_is_reckoned_with(draft):
    today = timezone.now()
    guests = a_crowd(110, is_guest=True, date_joined=today - 3 * DAY)
    old = a_crowd(120, date_joined=today - 90 * DAY)
    payers = a_crowd(130, date_joined=today - 90 * DAY)
    pro = Plan.objects.get_or_create(name="pro")[0]
    team = Team.objects.create(name="Blue")
    Membership.objects.bulk_create(Membership(owner=one, plan=pro, team=team) for one in payers)
    answered(guests + old + payers, 2, ago=3 * DAY + DAY / 24, values=failing(0.3))

    def units(**values) -> int:
        plain = {"guests": "", "plans": "", "seen": "", "hash_by": "user"}
        return told(draft, **plain | values)["units"]

    assert units() == 360
    assert units(guests="only") == 110
    assert units(guests="never") == 250
    assert units(plans="pro") == 130
    assert units(plans="free") == 120
    assert units(plans="free, pro") == 250
    assert units(seen="new") == 110
    assert units(seen="returning") == 250
    assert units(hash_by="team") == 231  # the payers are one team


def test_back_on_the_next_day_is_reckoned_from_each_ones_first(draft):
    people = a_crowd(300)
    answered(people, 1, ago=4 * DAY)
    answered(people[:150], 3, ago=2.5 * DAY)
    answered(people[150:], 1, ago=DAY)  # too late for the next day
    found = told(draft, primary="next_day")
    assert found["needed"] == pytest.approx(units_needed(0.05, 1.0), rel=0.02)


def test_a_quantile_has_a_past_too(draft):
    dice = random.Random(5)
    answered(
        a_crowd(300), 4, ago=3 * DAY, values=lambda _: {"first_token_ms": int(dice.lognormvariate(5, 1))}
    )
    found = told(draft, primary="first_token")
    # The median of n log-normal times: its relative error is sqrt(pi / 2n), n being four a person.
    assert found["needed"] == pytest.approx(units_needed(0.05, (3.1416 / 2 / 4) ** 0.5), rel=0.5)


@pytest.mark.parametrize("people", [0, 60])
def test_where_there_is_too_little_past_it_says_so(draft, people):
    answered(a_crowd(people), 4, ago=3 * DAY, values=failing(0.3))
    found = told(draft)
    assert (found["known"], found["needed"], found["days"]) == (False, None, None)
    assert found["units"] == people


def test_what_never_happened_or_is_too_long_ago_is_no_past(draft):
    answered(a_crowd(200), 2, ago=3 * DAY)
    assert not told(draft)["known"]  # no answer failed
    answered(a_crowd(200), 2, ago=40 * DAY, values=failing(0.3))
    assert not told(draft)["known"]


def test_without_a_deciding_metric_there_is_nothing_to_reckon(draft):
    assert told(draft, primary="") == {"metric": ""}


def test_it_is_a_few_queries_however_many_people(draft, django_assert_max_num_queries):
    for days in (1, 8, 15, 27):
        answered(a_crowd(60), 1, ago=days * DAY, values=failing(0.3))
    with django_assert_max_num_queries(8):
        assert told(draft)["units"] == 240


def test_where_not_all_events_are_read_all_people_are_counted(draft, monkeypatch):
    answered(a_crowd(300), 2, ago=3 * DAY)
    answered(a_crowd(100), 2, ago=2 * DAY)
    monkeypatch.setattr(forecasting, "MOST_EVENTS", 500)
    assert told(draft, primary="first_token")["units"] == 400
