"""A turn reserves, then pays once; no order of events breaks a limit or loses a count."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from usage import quota
from usage.models import Day, Entry, Hold, Membership, Plan
from usage.quota import Estimate, Spent
from usage.refusals import QuotaExceeded
from usage.standing import standing

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def ann():
    return get_user_model().objects.create(username="ann")


def limit(user, **limits) -> None:
    plan = Plan.objects.create(name=f"plan-{uuid.uuid4().hex[:8]}", title="Test", **limits)
    Membership.objects.update_or_create(owner=user, defaults={"plan": plan})


def reserve(user, tokens=100, at=NOON, output=0, **more):
    key = uuid.uuid4()
    quota.reserve(user.pk, key, Estimate(tokens, output), at=at, **more)
    return key


def refused(user, **how) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as caught:
        reserve(user, **how)
    return caught.value


def used(user, at=NOON) -> tuple[int, int]:
    now = standing(user.pk, at)
    return now.requests, now.tokens


def test_a_turn_holds_what_it_may_take_and_pays_what_it_took(ann):
    key = reserve(ann, tokens=100, output=50)
    assert used(ann) == (1, 150)
    assert quota.settle(key, Spent(input_tokens=90, output_tokens=20), at=NOON)
    assert used(ann) == (1, 110)
    assert not Hold.objects.exists()


def test_who_sent_nothing_upstream_pays_nothing(ann):
    assert quota.release(reserve(ann), at=NOON)
    assert used(ann) == (0, 0)


def test_a_second_end_of_the_same_turn_changes_nothing(ann):
    key = reserve(ann)
    quota.settle(key, Spent(10, 10), at=NOON)
    assert not quota.settle(key, Spent(10, 10), at=NOON)
    assert not quota.release(key, at=NOON)
    assert used(ann) == (1, 20)


def test_an_answer_from_the_cache_is_a_request_without_tokens(ann):
    quota.settle(reserve(ann), Spent(500, 500, cost_microusd=9, cached="exact"), at=NOON)
    assert used(ann) == (1, 0)


@pytest.mark.parametrize(
    "spent", [Spent(-1, 0), Spent(0, -5), Spent(0, 0, -1), Spent(0, 0, 0, house_microusd=-1)]
)
def test_a_negative_bill_is_no_gift_the_hold_is_paid(ann, spent):
    quota.settle(reserve(ann, tokens=70), spent, at=NOON)
    assert used(ann) == (1, 70)


def test_more_than_was_held_is_paid_as_far_as_the_limit_has_room(ann):
    limit(ann, tokens_per_day=1_000)
    quota.settle(reserve(ann, tokens=100), Spent(100, 300), at=NOON)
    assert used(ann) == (1, 400)
    quota.settle(reserve(ann, tokens=100), Spent(100, 5_000, house_microusd=77), at=NOON)
    assert used(ann) == (2, 500)
    assert Day.objects.get().house_microusd == 77


def test_the_last_request_of_a_day_is_answered_and_the_next_is_told_when_it_may_come(ann):
    limit(ann, requests_per_day=2)
    reserve(ann)
    reserve(ann)
    error = refused(ann)
    assert (error.code, error.limit_kind) == ("quota_exceeded", "requests")
    assert error.resets_at == datetime(2026, 6, 2, tzinfo=UTC)
    assert error.retry_after_s == 12 * 3600
    assert used(ann) == (2, 200)


def test_tokens_under_way_count_as_used(ann):
    limit(ann, tokens_per_day=150)
    reserve(ann, tokens=100)
    assert refused(ann, tokens=51).limit_kind == "tokens"
    reserve(ann, tokens=50)


def test_a_budget_in_dollars_is_held_by_the_price_of_the_model(ann):
    limit(ann, cost_per_day_microusd=100)
    quota.reserve(ann.pk, uuid.uuid4(), Estimate(50, 50, 1_000_000, 1_000_000), at=NOON)
    with pytest.raises(QuotaExceeded, match="budget"):
        quota.reserve(ann.pk, uuid.uuid4(), Estimate(1, 0, 1_000_000, 0), at=NOON)


def test_a_minute_takes_so_many_and_then_one_by_one(ann):
    limit(ann, requests_per_minute=3)
    for _ in range(3):
        reserve(ann)
    error = refused(ann)
    assert (error.code, error.retry_after_s) == ("rate_limited", 20)
    reserve(ann, at=NOON + timedelta(seconds=20))
    assert refused(ann, at=NOON + timedelta(seconds=20)).limit_kind == "rate"


def test_only_so_many_answers_are_written_at_once(ann):
    limit(ann, concurrency=1)
    key = reserve(ann)
    assert refused(ann).limit_kind == "concurrency"
    quota.settle(key, Spent(1, 1), at=NOON)
    reserve(ann)


def test_a_model_outside_the_plan_is_refused_by_name(ann):
    limit(ann, allowed_models=["mock/fast"])
    assert refused(ann, model="mock/dear").limit_kind == "model"
    reserve(ann, model="mock/fast")
    reserve(ann, model="auto")


def test_ones_own_limits_go_before_the_plans(ann):
    limit(ann, requests_per_day=1)
    Membership.objects.update(requests_per_day=2)
    reserve(ann)
    reserve(ann)
    refused(ann)


def test_a_new_plan_holds_from_the_next_message_on(ann):
    limit(ann, requests_per_day=1)
    reserve(ann)
    refused(ann)
    limit(ann, requests_per_day=5)
    reserve(ann)


def test_what_nobody_ends_is_given_back(ann):
    lost = reserve(ann)
    assert quota.expire(NOON + timedelta(minutes=29)) == 0
    assert quota.expire(NOON + timedelta(minutes=31)) == 1
    assert used(ann) == (0, 0)
    assert not quota.settle(lost, Spent(5, 5), at=NOON)


def test_moving_the_time_zone_or_the_clock_gives_no_second_day(ann):
    limit(ann, requests_per_day=1)
    reserve(ann)
    ann.time_zone = "Pacific/Kiritimati"
    ann.save()
    assert refused(ann).resets_at == datetime(2026, 6, 2, tzinfo=UTC)
    refused(ann, at=NOON - timedelta(days=3))
    reserve(ann, at=datetime(2026, 6, 2, 0, 0, 1, tzinfo=UTC))


def test_what_is_usual_is_learnt_from_ones_own_answers(ann):
    for _ in range(12):
        quota.settle(reserve(ann), Spent(10, 1_000), at=NOON)
    hold = quota.reserve(ann.pk, uuid.uuid4(), Estimate(10), at=NOON)
    assert 900 <= hold.tokens <= 1_010
    tomorrow = NOON + timedelta(days=1)
    assert quota.reserve(ann.pk, uuid.uuid4(), Estimate(10), at=tomorrow).tokens == hold.tokens


def test_a_built_in_plan_that_was_deleted_comes_back(ann):
    Plan.objects.all().delete()
    assert standing(ann.pk, NOON).allowed.plan == "free"


def test_a_turn_that_ends_after_midnight_pays_for_the_day_it_began_in(ann):
    key = reserve(ann, at=NOON)
    quota.settle(key, Spent(7, 0), at=NOON + timedelta(days=1))
    assert used(ann) == (1, 7)
    assert used(ann, NOON + timedelta(days=1)) == (0, 0)
    assert Entry.objects.get().date == NOON.date()


def test_counters_that_were_spoiled_are_made_anew(ann, capsys):
    quota.settle(reserve(ann), Spent(10, 5, cost_microusd=3), at=NOON)
    reserve(ann, tokens=40)
    call_command("rebuild_usage", "--check")
    Day.objects.update(tokens=999, requests=7, running=0)
    with pytest.raises(SystemExit):
        call_command("rebuild_usage", "--check")
    call_command("rebuild_usage")
    assert used(ann) == (2, 55)
    call_command("rebuild_usage", "--check")


def test_what_attempts_cost_beside_is_the_houses_alone(ann):
    key = reserve(ann, output=50)
    quota.settle(key, Spent(90, 20, cost_microusd=7, house_microusd=12), at=NOON)
    entry, day = Entry.objects.get(), Day.objects.get()
    assert (entry.cost_microusd, entry.house_microusd) == (7, 12)
    assert (day.cost_microusd, day.house_microusd) == (7, 12)
