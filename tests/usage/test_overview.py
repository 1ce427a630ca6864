"""What operators are shown: who is near a limit, who costs what, and which plan pays for itself."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from usage import overview, quota
from usage.allowance import usual_plan
from usage.models import Membership, Plan
from usage.quota import Estimate, Spent

pytestmark = pytest.mark.django_db


def use(user, requests=1, tokens=10, house=0) -> None:
    for _ in range(requests):
        key = uuid.uuid4()
        quota.reserve(user.pk, key, Estimate(tokens, 0))
        quota.settle(key, Spent(tokens, 0, house_microusd=house))


def a_customer(name, plan, **own):
    user = get_user_model().objects.create(username=name)
    Membership.objects.create(owner=user, plan=plan, **own)
    return user


@pytest.fixture
def small(db) -> Plan:
    return Plan.objects.create(name="small", title="Small", requests_per_day=10, tokens_per_day=1_000)


def near() -> dict[str, int]:
    return {one.name: round(one.share * 100) for one in overview.near_limits(timezone.now())}


def test_who_has_used_four_fifths_of_any_limit_is_near_it(small, ann):
    use(a_customer("by messages", small), requests=8)
    use(a_customer("by tokens", small), tokens=950)
    use(a_customer("by their own limit", small, requests_per_day=2), requests=2)
    use(a_customer("far", small), requests=7)
    use(a_customer("without limits", usual_plan("unlimited")), requests=50)
    use(ann, tokens=85_000)  # of the usual plan, which no row names
    assert near() == {"by messages": 80, "by tokens": 95, "by their own limit": 100, "ann": 85}


def test_what_is_under_way_counts(small):
    user = a_customer("busy", small)
    quota.reserve(user.pk, uuid.uuid4(), Estimate(900, 0))
    assert near() == {"busy": 90}


def test_who_costs_most_comes_first(small):
    use(a_customer("cheap", small), house=1_000)
    use(a_customer("dear", small), house=2_000_000)
    found = overview.spenders(timezone.now())
    assert [(one.name, one.house_usd) for one in found] == [("dear", 2.0), ("cheap", 0.001)]


def test_a_plans_margin_is_what_its_people_pay_less_what_they_cost(small, ann):
    Plan.objects.filter(pk=small.pk).update(cents_a_month=500)
    use(a_customer("one", small), house=2_000_000)
    use(a_customer("two", small), house=1_000_000)
    use(ann, house=10_000)
    found = {one.plan: one for one in overview.margins(timezone.now())}
    assert (found["Small"].people, found["Small"].margin_usd) == (2, 7.0)
    assert found["Free"].margin_usd == -0.01


def test_the_page_is_for_staff_and_asks_no_more_for_more_people(
    small, client, admin_client, django_assert_max_num_queries
):
    assert client.get("/admin/usage-overview/").status_code == 302
    for number in range(30):
        use(a_customer(f"user {number}", small), requests=9)
    with django_assert_max_num_queries(9):
        page = admin_client.get("/admin/usage-overview/")
    assert page.status_code == 200
    assert "user 29" in page.content.decode()
    assert "usage-overview" in admin_client.get("/admin/").content.decode()
