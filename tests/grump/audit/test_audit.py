"""What staff change is written down, with what it was, and nobody can change what is written."""

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction

from grump.accounts.models import User
from grump.audit.log import record
from grump.audit.models import AuditEntry
from grump.audit.staff import Audited
from usage import keys
from usage.models import Membership, Plan, UpgradeRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@example.org", "a good long one")


def form_of(client, address: str) -> dict[str, object]:
    """The admin's form as a browser would send it back, unchanged."""
    form = client.get(address).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in shown.items() if value is not None and value is not False}
    for name in ("last_login", "date_joined"):
        sent.pop(name, None)
    return sent


def test_another_limit_of_a_plan_is_told_with_what_it_was(admin_client, admin_user):
    plan = Plan.objects.get(name="free")
    address = f"/admin/usage/plan/{plan.pk}/change/"
    sent = form_of(admin_client, address) | {
        "requests_per_day": 7,
        "allowed_models": "[]",
        "allowed_tiers": "[]",
    }
    assert admin_client.post(address, sent).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor, entry.action) == (admin_user.pk, "admin", "changed")
    assert (entry.kind, entry.object_id, entry.target) == ("usage.plan", str(plan.pk), "Free")
    assert entry.changes == {"requests_per_day": [100, 7]}


def test_an_override_is_told_when_it_comes_and_when_it_goes(admin_client, ann):
    plan = Plan.objects.get(name="pro")
    admin_client.post("/admin/usage/membership/add/", {"owner": ann.pk, "plan": plan.pk, "tokens_per_day": 9})
    held = Membership.objects.get(owner=ann)
    admin_client.post(f"/admin/usage/membership/{held.pk}/delete/", {"post": "yes"})
    added, deleted = AuditEntry.objects.order_by("pk")
    assert added.changes["tokens_per_day"] == [None, 9]
    assert added.changes["plan"] == [None, str(plan.pk)]
    assert (deleted.action, deleted.object_id) == ("deleted", str(held.pk))


def test_a_suspension_is_told_and_closes_the_sockets(
    admin_client, ann, monkeypatch, django_capture_on_commit_callbacks
):
    closed: list[int] = []
    monkeypatch.setattr("grump.accounts.models.close_sockets", lambda *ids: closed.extend(ids))
    address = f"/admin/accounts/user/{ann.pk}/change/"
    sent = form_of(admin_client, address)
    del sent["is_active"]
    with django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(address, sent).status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.changes == {"is_active": [True, False]}
    assert closed == [ann.pk]


def test_of_a_person_no_name_and_no_address_is_kept(admin_client, ann):
    address = f"/admin/accounts/user/{ann.pk}/change/"
    admin_client.post(address, form_of(admin_client, address) | {"email": "new@example.org"})
    entry = AuditEntry.objects.get()
    assert entry.changes == {"email": ["…", "…"]}
    assert entry.target == f"accounts.user {ann.pk}"


def test_a_new_password_is_told_without_it(admin_client, ann):
    new = "another good one 1"
    admin_client.post(
        f"/admin/accounts/user/{ann.pk}/password/",
        {"password1": new, "password2": new, "usable_password": "true"},
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id) == ("changed", str(ann.pk))
    assert new not in str(entry.changes) + entry.note


def test_an_approved_wish_is_told(admin_client, ann):
    wish = UpgradeRequest.objects.create(owner=ann, plan=Plan.objects.get(name="pro"))
    admin_client.post("/admin/usage/upgraderequest/", {"action": "approve", "_selected_action": [wish.pk]})
    assert AuditEntry.objects.get().note == "Approved"


def test_staff_can_end_a_key_and_it_is_told(admin_client, ann):
    key, secret = keys.make(ann, "mine")
    admin_client.post("/admin/usage/apikey/", {"action": "revoke", "_selected_action": [str(key.pk)]})
    with pytest.raises(keys.KeyRefused):
        keys.find(secret)
    assert AuditEntry.objects.get().note == "Revoked"
    assert admin_client.post(f"/admin/usage/apikey/{key.pk}/change/", {"name": "x"}).status_code == 403


def test_every_page_of_the_admin_writes_it():
    assert all(isinstance(page, Audited) for page in admin.site._registry.values())


def test_the_log_can_be_read_and_not_written(admin_client, admin_user):
    entry = record(admin_user, "tried", admin_user)
    assert admin_client.get("/admin/audit/auditentry/").status_code == 200
    assert admin_client.get("/admin/audit/auditentry/add/").status_code == 403
    for page in ("change", "delete"):
        answer = admin_client.post(f"/admin/audit/auditentry/{entry.pk}/{page}/", {"post": "yes"})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_auditentry SET actor = 'nobody'", "DELETE FROM audit_auditentry"]
)
def test_the_database_refuses_to_change_what_is_written(admin_user, statement):
    record(admin_user, "tried", admin_user)
    refused = pytest.raises(DatabaseError, match="only ever added to")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().actor == "admin"


def test_what_is_rolled_back_was_not_done(admin_user):
    with transaction.atomic():
        record(admin_user, "tried", admin_user)
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()
