"""Rows written by hand are the rows that the ORM would have written."""

import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Conversation, Generation, Message
from grump.accounts.models import User
from grump.lib.rows import add, change, first, read, rows_of
from usage.models import Entry, Hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create(username="ann")


def columns(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def conversation(owner, **values) -> Conversation:
    """Written by hand; the one that the ORM would have written."""
    told = Conversation(owner=owner, updated_at=timezone.now(), **values)
    add(Conversation, {**columns(told)})
    return told


def hold(owner, **values) -> dict[str, object]:
    usual = {"day_id": 1, "tokens": 1, "cost_microusd": 0, "source": "chat", "began_at": timezone.now()}
    return {"owner_id": owner.pk, **usual, **values}


def test_every_value_comes_back_as_it_was(ann):
    talk = conversation(ann, title="“Grüße” 100 % \\ ' ; --")
    question = Message(conversation=talk, owner=ann, role="user", text="a\nb", client_message_id="1")
    answer = Message(conversation=talk, owner=ann, parent=question, role="assistant", counts={"openai": 1})
    add(Message, columns(question), columns(answer))
    for row in (talk, question, answer):
        assert columns(type(row).objects.get(pk=row.pk)) == columns(row)


def test_what_is_not_told_is_as_the_model_has_it(ann):
    talk = conversation(ann)
    told = {"conversation_id": talk.id, "owner_id": ann.pk, "role": "assistant"}
    add(Message, told)
    message = Message.objects.get()
    generation = {"owner_id": ann.pk, "message_id": message.id, "heartbeat_at": timezone.now()}
    before = timezone.now()
    add(Generation, generation)
    written = Generation.objects.get()
    for row, said in ((message, told), (written, generation)):
        usual = columns(type(row)(**said))
        made = {name for name in usual if name in ("id", "created_at")}
        assert {**columns(row), **dict.fromkeys(made)} == {**usual, **dict.fromkeys(made)}
    assert before <= written.created_at <= timezone.now()  # a time that the model sets by itself


def test_what_is_made_anew_is_made_for_each_row(ann):
    talk = conversation(ann)
    told = {"conversation_id": talk.id, "owner_id": ann.pk, "role": "user"}
    add(Message, *[told] * 3)
    assert len(set(Message.objects.values_list("id", flat=True))) == 3


def test_a_name_that_the_model_does_not_have_is_an_error(ann):
    with pytest.raises(KeyError):
        add(Conversation, {"owner": ann})


def test_several_rows_are_one_statement(ann):
    talk = conversation(ann)
    told = {"conversation_id": talk.id, "owner_id": ann.pk, "role": "user"}
    with CaptureQueriesContext(connection) as asked:
        add(Message, *[{**told, "text": str(n)} for n in range(5)])
    assert len(asked) == 1
    assert Message.objects.count() == 5


def test_a_number_that_the_database_gives_is_given(ann):
    now = timezone.now()
    usual = {"owner_id": ann.pk, "date": now.date(), "kind": "settled", "requests": 1, "source": "chat"}
    for _ in range(2):
        add(Entry, {"key": uuid.uuid4(), "at": now, **usual})
    assert len(set(Entry.objects.values_list("pk", flat=True))) == 2


def test_constraints_hold(ann):
    told = hold(ann, key=uuid.uuid4())
    add(Hold, told)
    with pytest.raises(IntegrityError):
        add(Hold, told)


def test_a_row_that_is_there_becomes_like_the_new_one(ann):
    one = Conversation(owner=ann, title="one", updated_at=timezone.now())
    add(Conversation, columns(one), or_update="id")
    again = Conversation(id=one.id, owner=ann, title="two", updated_at=timezone.now())
    add(Conversation, columns(again), or_update="id")
    assert columns(Conversation.objects.get()) == columns(again)


def test_a_change_is_the_one_that_the_orm_makes_and_says_what_it_met(ann):
    question = Message(conversation=conversation(ann), owner=ann, role="user", text="a")
    add(Message, columns(question))
    values = {"text": "“b”", "counts": {"openai": 1}, "pinned": True, "parent": None, "tokens": 3}
    assert change(Message, values, "text = %s", ["a"], "role, text") == ("user", "“b”")
    for name, value in values.items():
        setattr(question, name, value)
    assert columns(Message.objects.get()) == columns(question)


def test_a_change_that_meets_nothing_says_so(ann):
    conversation(ann, title="one")
    assert change(Conversation, {"title": "two"}, "title = %s", ["three"], "id") is None
    assert Conversation.objects.get().title == "one"


def test_the_first_row_or_nothing(ann):
    asked = "SELECT {columns} FROM accounts_user WHERE username = %s"
    assert first(User, asked, ["ann"]) == ann
    assert first(User, asked, ["bob"]) is None


def test_a_row_that_is_read_is_the_one_that_the_orm_reads(ann):
    conversation(ann, title="“Grüße”")
    add(Hold, hold(ann))
    for model in (User, Conversation, Hold):
        found = first(model, f"SELECT {{columns}} FROM {model._meta.db_table} WHERE 1 = %s", [1])
        assert found is not None
        assert columns(found) == columns(model.objects.get())
        assert not found._state.adding


def test_a_few_values_of_a_row_are_those_that_the_orm_reads(ann):
    add(Hold, hold(ann, conversation=uuid.uuid4()))
    names = ("began_at", "conversation", "owner_id", "team_day_id")
    read_by_hand = read(Hold, names, f"SELECT {', '.join(names)} FROM usage_hold WHERE tokens = %s", [1])
    assert read_by_hand == list(Hold.objects.values_list(*names).get())
    assert read(Hold, names, f"SELECT {', '.join(names)} FROM usage_hold WHERE tokens = %s", [2]) is None


def test_who_counts_queries_hears_every_statement(ann):
    with CaptureQueriesContext(connection) as heard:
        rows_of("SELECT id FROM accounts_user WHERE id = %s", [ann.pk])
    assert [query["sql"].split()[0] for query in heard.captured_queries] == ["SELECT"]


def test_a_statement_is_the_same_whether_or_not_somebody_listens(ann):
    sql, values = "SELECT username, %s FROM accounts_user WHERE id = %s", ["100 % ? %s", ann.pk]
    with CaptureQueriesContext(connection):
        heard = rows_of(sql, values)
    assert rows_of(sql, values) == heard == [("ann", "100 % ? %s")]


def test_its_errors_are_djangos(ann):
    with pytest.raises(DatabaseError), transaction.atomic():
        rows_of("SELECT nothing FROM nowhere", [])
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            add(Hold, hold(ann, key=uuid.UUID(int=1)), hold(ann, key=uuid.UUID(int=1)))
        assert not Hold.objects.exists()


def test_nothing_is_asked_in_a_transaction_that_is_to_be_undone(ann):
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            rows_of("SELECT 1", [])
