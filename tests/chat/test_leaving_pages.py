"""Who wants to be gone is gone, and nobody else is."""

import json

import pytest
from django.contrib.sessions.models import Session

from chat.models import Conversation, Message, Preferences
from grump.accounts.models import User
from grump.audit.models import AuditEntry
from tests.chat.api.test_conversations import converse, person

# Rolled back and never flushed: the database lets nobody empty the audit log.
pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def ann(told):
    client = person("ann")
    client.user.set_password(PASSWORD)
    client.user.save()
    client.force_login(client.user)
    return client


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    monkeypatch.setattr("chat.leaving_pages._tries.wait", lambda user: 0)


def leave(client, **typed):
    return client.post("/settings/delete/", typed)


def test_a_typed_name_and_the_password_delete_everything_of_one_person(ann, told):
    bob = person("bob")
    converse(ann, "Mine")
    converse(bob, "His")
    answer = leave(ann, name="ann", password=PASSWORD)
    assert "Nothing of yours is stored" in answer.content.decode()
    assert "storage" in answer["Clear-Site-Data"]
    assert not User.objects.filter(username="ann").exists()
    assert [row.title for row in Conversation.objects.all()] == ["His"]
    assert Message.objects.count() == 2
    assert Session.objects.count() == 1
    assert bob.get("/settings/delete/").status_code == 200
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "typed", [{}, {"name": "ann"}, {"name": "ann", "password": "x"}, {"name": "Ann", "password": PASSWORD}]
)
def test_anything_less_deletes_nothing(ann, typed):
    converse(ann, "Mine")
    assert leave(ann, **typed).status_code == 422
    assert Conversation.objects.count() == 1
    assert User.objects.filter(username="ann", is_active=True).exists()


def test_passwords_are_not_tried_out_there(ann, monkeypatch):
    monkeypatch.setattr("chat.leaving_pages._tries.wait", lambda user: 60)
    assert leave(ann, name="ann", password=PASSWORD).status_code == 422
    assert User.objects.filter(username="ann").exists()


def test_a_guest_types_the_word_and_is_gone(client):
    client.get("/settings/delete/")
    assert leave(client, name="guest").status_code == 200
    assert not User.objects.exists()


def test_who_runs_the_installation_cannot_leave_it_by_this_door(ann):
    User.objects.filter(pk=ann.user.pk).update(is_superuser=True)
    assert "another administrator" in leave(ann, name="ann", password=PASSWORD).content.decode()
    assert User.objects.filter(username="ann").exists()


def test_everything_about_oneself_is_a_file_without_secrets(ann):
    converse(ann, "Mine")
    Preferences.objects.create(owner=ann.user, preference=0.25)
    body = b"".join(ann.get("/settings/about-me.json").streaming_content)
    assert "Mine" in json.dumps(json.loads(body))
    assert ann.user.password not in body.decode()


def test_the_word_about_training_is_no_until_it_is_given_and_can_be_taken_back(ann):
    def shares() -> bool:
        return User.objects.get(pk=ann.user.pk).shares_for_training

    assert not shares()
    ann.post("/settings/consent", {"shares": "on"})
    assert shares()
    ann.post("/settings/consent", {})
    assert not shares()


def test_when_the_word_was_given_and_taken_back_is_in_the_audit_log_once(ann):
    for given in ({"shares": "on"}, {"shares": "on"}, {}, {}):
        ann.post("/settings/consent", given)
    entries = AuditEntry.objects.filter(object_id=str(ann.user.pk)).order_by("pk")
    assert [(entry.action, entry.changes) for entry in entries] == [
        ("agreed to training", {"shares_for_training": [False, True]}),
        ("no longer agrees to training", {"shares_for_training": [True, False]}),
    ]
    # An entry outlives its person, and nobody may change it: it names nobody.
    assert not [entry for entry in entries if "ann" in f"{entry.actor} {entry.target} {entry.note}"]
