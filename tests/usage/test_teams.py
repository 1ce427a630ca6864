"""A team's allowance holds on top of each one's own; used up, it takes nothing of the person's."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from usage import quota
from usage.allowance import usual_plan
from usage.models import Day, Entry, Hold, Membership, Team, TeamDay
from usage.quota import Estimate, Spent
from usage.rebuilding import rebuild, team_differences
from usage.refusals import QuotaExceeded

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def team(ann, bob) -> Team:
    team = Team.objects.create(
        name="Hive", requests_per_day=3, tokens_per_day=1_000, cost_per_day_microusd=900
    )
    for person in (ann, bob):
        Membership.objects.create(owner=person, plan=usual_plan("free"), team=team)
    return team


def reserve(user, tokens=100, at=NOON, price=0) -> uuid.UUID:
    key = uuid.uuid4()
    quota.reserve(user.pk, key, Estimate(tokens, 0, input_price=price), at=at)
    return key


def refused(user, **how) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as caught:
        reserve(user, **how)
    return caught.value


def test_two_people_use_one_allowance_and_the_next_is_told_until_when(team, ann, bob):
    for person in (ann, bob, ann):
        quota.settle(reserve(person), Spent(50, 50), at=NOON)
    error = refused(bob)
    assert (error.limit_kind, error.code) == ("team", "quota_exceeded")
    assert error.resets_at == datetime(2026, 6, 2, tzinfo=UTC)
    assert error.retry_after_s == 12 * 3600
    reserve(bob, at=NOON + timedelta(days=1))


def test_a_refused_question_takes_nothing_of_ones_own(team, ann):
    reserve(ann, tokens=900)
    before = Day.objects.values().get()
    assert refused(ann, tokens=200).limit_kind == "team"
    assert Day.objects.values().get() == before
    assert Hold.objects.count() == 1


def test_what_is_given_back_is_the_teams_again(team, ann, bob):
    quota.release(reserve(ann, tokens=1_000), at=NOON)
    quota.settle(reserve(bob, tokens=1_000), Spent(10, 10), at=NOON)
    day = TeamDay.objects.get()
    assert (day.requests, day.tokens, day.held_tokens) == (1, 20, 0)


def test_more_than_was_held_is_paid_as_far_as_the_team_has_room(team, ann, bob):
    reserve(bob, tokens=850)
    key = reserve(ann, tokens=100)
    quota.settle(key, Spent(100, 400), at=NOON)
    assert Entry.objects.get(key=key).tokens == 100
    assert Day.objects.get(owner=ann).tokens == 100
    assert TeamDay.objects.get().tokens == 100


def test_a_budget_in_dollars_is_the_teams_too(team, ann):
    reserve(ann, tokens=10, price=80_000_000)
    assert refused(ann, tokens=2, price=80_000_000).limit_kind == "team"


def test_who_leaves_in_the_middle_still_pays_for_the_team_that_held(team, ann):
    key = reserve(ann)
    Membership.objects.filter(owner=ann).update(team=None)
    quota.settle(key, Spent(50, 50), at=NOON)
    day = TeamDay.objects.get()
    assert (day.tokens, day.held_tokens) == (100, 0)
    reserve(ann)
    assert TeamDay.objects.get().requests == 1


def test_the_teams_counters_that_were_spoiled_are_made_anew(team, ann):
    quota.settle(reserve(ann), Spent(50, 50), at=NOON)
    TeamDay.objects.update(tokens=7, held_tokens=9)
    assert len(list(team_differences())) == 1
    assert rebuild() == 1
    assert not list(team_differences())
    assert TeamDay.objects.get().tokens == 100


def test_the_page_shows_what_the_team_has_left(team, ann, client):
    quota.settle(reserve(ann, at=None), Spent(50, 50))
    client.force_login(ann)
    page = client.get("/usage/").content.decode()
    assert "Messages of Hive" in page
    assert "Tokens of Hive" in page
