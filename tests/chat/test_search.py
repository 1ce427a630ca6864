"""One's own texts are found by their words, and nobody else's."""

import time
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import conversations, history, opening, search
from chat.models import Conversation, Generation, Indexed, Message
from chat.protocol import Send
from grump.accounts import belongings
from usage.allowance import usual_plan
from usage.models import Membership

pytestmark = pytest.mark.django_db


def a_user(name: str):
    user = get_user_model().objects.create(username=name)
    Membership.objects.create(owner=user, plan=usual_plan("unlimited"))
    return user


@pytest.fixture
def ann():
    return a_user("ann")


@pytest.fixture
def bob():
    return a_user("bob")


def talk(user, question: str, answer: str, **more) -> opening.Opened:
    send = Send(client_message_id=uuid.uuid4().hex, text=question, **more)
    opened = opening.open_question(user.pk, send, "p1")
    history.end_generation(opened.generation_id, Generation.State.COMPLETE, answer)
    return opened


def found(user, query: str) -> list[str]:
    """What matched, in each of the messages found."""
    return [
        " ".join(text for text, hit in one.snippet if hit).lower() for one in search.search(user.pk, query)
    ]


def test_questions_and_answers_are_found_with_what_matched_and_where(ann):
    opened = talk(ann, "How do bees navigate?", "They read the **polarised** light of the sky.")
    (answer,) = search.search(ann.pk, "polarised")
    assert (answer.message_id, answer.conversation_id) == (opened.answer_id, opened.conversation_id)
    assert (answer.role, answer.title) == ("assistant", "How do bees navigate?")
    assert ("polarised", True) in answer.snippet
    assert "light of the sky" in "".join(text for text, _ in answer.snippet)
    assert found(ann, "bees") == ["bees"]


def test_every_word_has_to_be_there_and_the_last_may_be_a_beginning(ann):
    talk(ann, "one", "The backpressure of a queue")
    assert found(ann, "queue backpr") == ["backpressure queue"]
    assert found(ann, "queue nothing") == []
    assert found(ann, "backpr queue") == []  # only the last one


def test_case_and_accents(ann):
    talk(ann, "one", "Où est le café de MÜNCHEN?")
    assert found(ann, "CAFÉ") == ["café"]
    assert found(ann, "münchen") == ["münchen"]


def test_nobody_finds_anothers(ann, bob):
    talk(ann, "one", "swordfish")
    assert found(bob, "swordfish") == []


def test_newest_first_and_no_more_than_asked_for(ann):
    for number in range(5):
        talk(ann, f"question {number}", f"common {number}")
    assert [one.title for one in search.search(ann.pk, "common", limit=3)] == [
        "question 4",
        "question 3",
        "question 2",
    ]


def test_what_is_deleted_is_not_found_and_leaves_the_index(ann):
    opened = talk(ann, "one", "swordfish")
    conversations.delete(ann.pk, opened.conversation_id)
    assert found(ann, "swordfish") == []
    conversations.restore(ann.pk, opened.conversation_id)
    assert found(ann, "swordfish") == ["swordfish"]
    Conversation.objects.all().delete()
    assert not Indexed.objects.exists()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM chat_search")
            assert cursor.fetchone() == (0,)


def test_a_guests_texts_go_on_to_the_account(ann, bob):
    talk(ann, "one", "swordfish")
    belongings.move(ann, bob)
    assert found(bob, "swordfish") == ["swordfish"]
    assert found(ann, "swordfish") == []


def test_every_branch_is_searched(ann):
    first = talk(ann, "first wording", "old answer")
    talk(ann, "second wording", "new answer", conversation_id=first.conversation_id, edits=first.question_id)
    assert found(ann, "old") == ["old"]
    assert len(found(ann, "wording")) == 2


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.text(max_size=60),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200),
)
def test_no_query_and_no_text_is_an_error(ann, query, text):
    talk(ann, "x", text or "x")
    for one in search.search(ann.pk, query):
        assert "".join(part for part, _ in one.snippet)


@pytest.mark.parametrize(
    "query",
    ['"', "'", "NEAR(", "a AND", "* *", "owner:u1", "text : x", "a:*", "& | !", "\\", "%", "-x", "a" * 5_000],
)
def test_no_sign_means_anything(ann, query):
    talk(ann, "one", "plain words")
    search.search(ann.pk, query)


def test_a_text_that_holds_the_marks_is_only_text(ann):
    talk(ann, "one", f"before {search.HIT}inside{search.END} swordfish")
    assert "swordfish" in found(ann, "swordfish")[0]


def test_among_many_it_is_quick(ann, bob):
    now = timezone.now()
    talks = [Conversation(owner=user, title="t", updated_at=now) for user in (ann, bob)]
    Conversation.objects.bulk_create(talks)
    rows = [
        Message(conversation=talk, owner=talk.owner, role="user", text=f"common words {number} rare{number}")
        for talk in talks
        for number in range(1_000)
    ]
    Message.objects.bulk_create(rows)
    search.index(*rows)
    for query in ("common", "rare77", "words comm"):
        began = time.perf_counter()
        assert search.search(ann.pk, query)
        assert time.perf_counter() - began < 0.1
