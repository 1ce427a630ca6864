"""What people see of their usage, and how they come to a larger plan."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Conversation
from grump.accounts.models import User
from usage import quota
from usage.models import Entry, Membership, Plan, UpgradeRequest
from usage.quota import Estimate, Spent

pytestmark = pytest.mark.django_db


def use(user, tokens=1_000, model="mock/fast", conversation=None) -> None:
    key = uuid.uuid4()
    quota.reserve(user.pk, key, Estimate(tokens, 0), conversation=conversation)
    quota.settle(key, Spent(tokens, 0, cost_microusd=2_500, model=model))


def give(user, name="small", **limits) -> Plan:
    plan = Plan.objects.create(name=name, title=name.title(), **limits)
    Membership.objects.create(owner=user, plan=plan)
    return plan


def test_the_api_says_what_is_left_in_the_contracts_shape(client, ann):
    use(ann)
    client.force_login(ann)
    said = client.get("/api/usage").json()
    assert said["plan"] == "free"
    assert said["requests"] == {"used": 1, "limit": 100}
    assert said["tokens"] == {"used": 1_000, "limit": 100_000}
    assert said["cost_usd"] == {"used": 0.0025, "limit": None}
    assert timezone.datetime.fromisoformat(said["resets_at"]) > timezone.now()


def test_who_is_nobody_gets_a_clear_error(client):
    response = client.get("/api/usage")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "not_logged_in")


def test_the_page_shows_today_models_and_conversations_by_name(client, ann, bob):
    talk = Conversation.objects.create(owner=ann, title="On bees", updated_at=timezone.now())
    foreign = Conversation.objects.create(owner=bob, title="Secret", updated_at=timezone.now())
    use(ann, conversation=talk.id)
    use(ann, model="mock/other", conversation=foreign.id)
    client.force_login(ann)
    page = client.get("/usage/").content.decode()
    assert "On bees" in page
    assert "mock/other" in page
    assert "Secret" not in page


@pytest.mark.parametrize(("limit", "words"), [(100, None), (5, "Most of today"), (4, "used up")])
def test_it_speaks_up_from_eighty_percent_on(client, ann, limit, words):
    give(ann, requests_per_day=limit)
    for _ in range(4):
        use(ann)
    client.force_login(ann)
    page = client.get("/usage/").content.decode()
    for each in ("Most of today", "used up"):
        assert (each in page) == (each == words)


def test_the_page_takes_as_many_queries_for_much_as_for_little(client, ann):
    client.force_login(ann)
    use(ann, conversation=uuid.uuid4())
    client.get("/usage/")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/usage/")
        counts.append(len(queries))
        for number in range(10):
            talk = Conversation.objects.create(owner=ann, title=f"t{number}", updated_at=timezone.now())
            use(ann, model=f"mock/{number}", conversation=talk.id, tokens=10)
            Entry.objects.update(at=timezone.now() - timedelta(days=1))
    assert counts[0] == counts[1] <= 14


def test_the_export_has_every_entry_and_only_ones_own(client, ann, bob):
    use(ann, model="mock/mine")
    use(bob, model="mock/his")
    client.force_login(ann)
    response = client.get("/usage/export.csv")
    lines = response.getvalue().decode().splitlines()
    assert len(lines) == 2
    assert "mock/mine" in lines[1]


def test_a_wish_for_a_plan_holds_once_an_operator_agreed(client, admin_client, ann):
    client.force_login(ann)
    client.post("/upgrade/", {"plan": "pro", "note": "for work"})
    client.post("/upgrade/", {"plan": "team"})
    wish = UpgradeRequest.objects.get()
    assert (wish.plan.name, wish.state) == ("team", "waiting")
    assert client.get("/api/usage").json()["plan"] == "free"
    for _ in range(2):
        admin_client.post(
            "/admin/usage/upgraderequest/", {"action": "approve", "_selected_action": [wish.pk]}
        )
    assert client.get("/api/usage").json()["plan"] == "team"
    assert LogEntry.objects.filter(object_id=wish.pk).count() == 1


def test_a_declined_wish_changes_nothing(client, admin_client, ann):
    client.force_login(ann)
    client.post("/upgrade/", {"plan": "pro"})
    wish = UpgradeRequest.objects.get()
    admin_client.post("/admin/usage/upgraderequest/", {"action": "decline", "_selected_action": [wish.pk]})
    assert client.get("/api/usage").json()["plan"] == "free"
    assert "waiting for an answer" not in client.get("/upgrade/").content.decode()


def test_a_guest_is_shown_the_way_to_an_account_and_cannot_ask(client):
    page = client.get("/upgrade/").content.decode()
    assert "Sign up" in page
    assert "no limit" in page
    assert "None" not in page
    client.post("/upgrade/", {"plan": "pro"})
    assert not UpgradeRequest.objects.exists()


def test_a_plan_that_does_not_exist_is_not_found(client, ann):
    client.force_login(ann)
    assert client.post("/upgrade/", {"plan": "gold"}).status_code == 404


@pytest.mark.parametrize("path", ["day", "entry", "plan", "membership", "upgraderequest"])
def test_operators_can_look_at_everything(admin_client, ann, path):
    use(ann)
    assert admin_client.get(f"/admin/usage/{path}/").status_code == 200


def test_the_ledger_cannot_be_edited_even_by_an_operator(admin_client, ann):
    use(ann)
    entry = Entry.objects.get()
    assert admin_client.post(f"/admin/usage/entry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=ann.pk).exists()
