"""A plan that keeps texts for a time only keeps them no longer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat import search
from chat.models import Conversation, Generation, Message
from chat.retention import remove_expired
from grump.accounts.models import User
from usage.models import Membership, Plan

pytestmark = pytest.mark.django_db


def person(name: str, plan: str = "", is_guest: bool = False) -> User:
    user = User.objects.create(username=name, is_guest=is_guest)
    if plan:
        Membership.objects.create(owner=user, plan=Plan.objects.get(name=plan))
    return user


def talk(owner: User, days: float, state: str = "complete") -> Conversation:
    """Last written to so many days ago."""
    conversation = Conversation.objects.create(
        owner=owner, title=owner.username, updated_at=timezone.now() - timedelta(days=days)
    )
    asked = Message.objects.create(conversation=conversation, owner=owner, role="user", text="needle")
    said = Message.objects.create(conversation=conversation, owner=owner, role="assistant", parent=asked)
    Generation.objects.create(owner=owner, message=said, state=state, heartbeat_at=timezone.now())
    search.index(asked)
    return conversation


def keep(plan: str, days: int) -> None:
    Plan.objects.filter(name=plan).update(keep_days=days)


def test_what_is_older_than_the_plan_keeps_goes_with_all_its_rows():
    keep("pro", 30)
    ann = person("ann", "pro")
    old, young = talk(ann, 31), talk(ann, 29)
    assert remove_expired() == 1
    assert list(Conversation.objects.all()) == [young]
    assert Message.objects.count() == 2
    assert Generation.objects.count() == 1
    assert [found.conversation_id for found in search.search(ann.pk, "needle")] == [young.pk]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM " + ("chat_search" if connection.vendor == "sqlite" else "chat_indexed")
        )
        assert cursor.fetchone() == (1,)
    assert not Conversation.objects.filter(pk=old.pk).exists()


def test_a_plan_that_says_nothing_keeps_everything():
    talk(person("ann"), 10_000)
    assert remove_expired() == 0


@pytest.mark.parametrize(("plan", "gone"), [("free", "ann"), ("guest", "visitor"), ("pro", "paying")])
def test_who_has_no_plan_of_their_own_is_on_the_usual_one(plan, gone):
    keep(plan, 7)
    for owner in (person("ann"), person("visitor", is_guest=True), person("paying", "pro")):
        talk(owner, 8)
    assert remove_expired() == 1
    assert gone not in Conversation.objects.values_list("title", flat=True)


def test_what_is_being_answered_is_not_touched():
    keep("free", 7)
    talk(person("ann"), 8, state="running")
    assert remove_expired() == 0


def test_a_conversation_that_was_put_away_ends_too_and_many_go_in_several_steps(monkeypatch):
    monkeypatch.setattr("chat.retention.AT_ONCE", 2)
    keep("free", 7)
    ann = person("ann")
    for _ in range(5):
        talk(ann, 8)
    Conversation.objects.update(deleted_at=timezone.now())
    assert remove_expired() == 5
