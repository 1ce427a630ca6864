"""Rows written by hand are the rows that the ORM would have written."""

import uuid

import pytest
from django.db import IntegrityError, connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Conversation, Message
from grump.accounts.models import User
from grump.lib.rows import change, first, insert
from usage.models import Entry, Hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create(username="ann")


def columns(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_every_value_comes_back_as_it_was(ann):
    conversation = Conversation(owner=ann, title="“Grüße” 100 % \\ ' ; --", updated_at=timezone.now())
    question = Message(conversation=conversation, owner=ann, role="user", text="a\nb", client_message_id="1")
    answer = Message(conversation=conversation, owner=ann, parent=question, role="assistant", text="")
    insert(conversation)
    insert(question, answer)
    for row in (conversation, question, answer):
        assert columns(type(row).objects.get(pk=row.pk)) == columns(row)


def test_times_that_a_model_sets_by_itself_are_set(ann):
    before = timezone.now()
    conversation = Conversation(owner=ann, title="", updated_at=timezone.now())
    insert(conversation)
    assert before <= Conversation.objects.get().created_at <= timezone.now()


def test_several_rows_are_one_statement(ann):
    conversation = Conversation(owner=ann, title="", updated_at=timezone.now())
    insert(conversation)
    rows = [Message(conversation=conversation, owner=ann, role="user", text=str(n)) for n in range(5)]
    with CaptureQueriesContext(connection) as asked:
        insert(*rows)
    assert len(asked) == 1
    assert Message.objects.count() == 5


def test_a_row_that_was_written_is_changed_from_then_on_not_added(ann):
    conversation = Conversation(owner=ann, title="one", updated_at=timezone.now())
    insert(conversation)
    conversation.title = "two"
    conversation.save()
    assert Conversation.objects.get().title == "two"


def test_a_number_that_the_database_gives_is_given(ann):
    now = timezone.now()
    for _ in range(2):
        insert(
            Entry(
                key=uuid.uuid4(),
                owner=ann,
                date=now.date(),
                kind="settled",
                requests=1,
                source="chat",
                at=now,
            )
        )
    assert len(set(Entry.objects.values_list("pk", flat=True))) == 2


def test_constraints_hold(ann):
    hold = Hold(owner=ann, day_id=1, tokens=1, cost_microusd=0, source="chat", began_at=timezone.now())
    insert(hold)
    with pytest.raises(IntegrityError):
        insert(hold)


def test_a_row_that_is_there_becomes_like_the_new_one(ann):
    first_one = Conversation(owner=ann, title="one", updated_at=timezone.now())
    insert(first_one, or_update="id")
    again = Conversation(id=first_one.id, owner=ann, title="two", updated_at=timezone.now())
    insert(again, or_update="id")
    assert columns(Conversation.objects.get()) == columns(again)


def test_a_change_is_the_one_that_the_orm_makes_and_says_what_it_met(ann):
    conversation = Conversation(owner=ann, title="one", updated_at=timezone.now())
    insert(conversation)
    question = Message(conversation=conversation, owner=ann, role="user", text="a")
    insert(question)
    values = {"text": "“b”", "counts": {"openai": 1}, "pinned": True, "parent": None, "tokens": 3}
    assert change(Message, values, "text = %s", ["a"], "role, text") == ("user", "“b”")
    for name, value in values.items():
        setattr(question, name, value)
    assert columns(Message.objects.get()) == columns(question)


def test_a_change_that_meets_nothing_says_so(ann):
    insert(Conversation(owner=ann, title="one", updated_at=timezone.now()))
    assert change(Conversation, {"title": "two"}, "title = %s", ["three"], "id") is None
    assert Conversation.objects.get().title == "one"


def test_the_first_row_or_nothing(ann):
    assert first(User, "SELECT * FROM accounts_user WHERE username = %s", ["ann"]) == ann
    assert first(User, "SELECT * FROM accounts_user WHERE username = %s", ["bob"]) is None


def test_a_row_that_is_read_is_the_one_that_the_orm_reads(ann):
    conversation = Conversation(owner=ann, title="“Grüße”", updated_at=timezone.now())
    insert(conversation)
    insert(Hold(owner=ann, day_id=1, tokens=1, cost_microusd=0, source="chat", began_at=timezone.now()))
    for model in (User, Conversation, Hold):
        read = first(model, f"SELECT * FROM {model._meta.db_table} WHERE 1 = %s", [1])
        assert read is not None
        assert columns(read) == columns(model.objects.get())
        assert not read._state.adding
