"""Whatever order turns begin, end, die and repeat in: counters equal the ledger, and no limit is passed."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grump.accounts.models import User
from usage import quota
from usage.models import Day, Entry, Hold, Membership, Plan, Team, TeamDay
from usage.quota import Estimate, Spent
from usage.rebuilding import differences, team_differences
from usage.refusals import QuotaExceeded

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 28, 20, tzinfo=UTC)
REQUESTS, TOKENS, COST = 6, 1_000, 500
TEAM_REQUESTS, TEAM_TOKENS = 5, 900

amounts = st.integers(0, 700)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), amounts, amounts),
        st.tuples(st.just("settle"), st.integers(0, 20), st.integers(-50, 900)),
        st.tuples(st.just("cached"), st.integers(0, 20), amounts),
        st.tuples(st.just("release"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("clock"), st.integers(-5, 40), st.just(0)),  # hours
        st.tuples(st.just("expire"), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_counters_equal_the_ledger_and_no_limit_is_passed(db, steps):
    user = User.objects.create(username=uuid.uuid4().hex, time_zone="Europe/Berlin")
    plan = Plan.objects.create(
        name=uuid.uuid4().hex[:12],
        title="t",
        requests_per_day=REQUESTS,
        tokens_per_day=TOKENS,
        cost_per_day_microusd=COST,
        concurrency=3,
    )
    team = Team.objects.create(
        name=uuid.uuid4().hex, requests_per_day=TEAM_REQUESTS, tokens_per_day=TEAM_TOKENS
    )
    Membership.objects.create(owner=user, plan=plan, team=team)
    now, keys = START, [uuid.uuid4()]
    for what, first, second in steps:
        key = keys[first % len(keys)]
        match what:
            case "reserve":
                keys.append(uuid.uuid4())
                before = list(Day.objects.filter(owner=user).values())
                try:
                    quota.reserve(user.pk, keys[-1], Estimate(first, second, 300_000, 300_000), at=now)
                except QuotaExceeded:
                    assert [day for day in Day.objects.filter(owner=user).values() if day in before] == before
            case "settle":
                quota.settle(key, Spent(abs(second) // 2, second, abs(second) // 3), at=now)
            case "cached":
                quota.settle(key, Spent(second, second, second, cached="semantic"), at=now)
            case "release":
                quota.release(key, at=now)
            case "clock":
                now += timedelta(hours=first)
            case "expire":
                quota.expire(now)
    assert not list(differences())
    assert not list(team_differences())
    for day in TeamDay.objects.filter(team=team):
        assert day.requests <= TEAM_REQUESTS
        assert day.tokens + day.held_tokens <= TEAM_TOKENS
    for day in Day.objects.filter(owner=user):
        assert day.requests <= REQUESTS
        assert day.tokens + day.held_tokens <= TOKENS
        assert day.cost_microusd + day.held_microusd <= COST
        assert day.running <= 3
    ended = set(Entry.objects.filter(owner=user).values_list("key", flat=True))
    assert not ended & set(Hold.objects.values_list("key", flat=True))
