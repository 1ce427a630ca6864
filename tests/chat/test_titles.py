"""A title is made by a model where a question had to be cut, and never over one its user gave."""

import json
import uuid
from collections.abc import AsyncIterator

import pytest
from django.contrib.auth import get_user_model

from chat import opening
from chat.gateway.errors import ConnectFailed
from chat.gateway.events import Event, Text
from chat.gateway.request import ChatRequest
from chat.models import Conversation
from chat.protocol import Send
from chat.titles import clean_title, title_conversation

LONG = "Please explain to me, slowly and with a picture, why a queue grows although its workers are idle"


class Author:
    """A gateway that answers with one text, or fails."""

    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.asked: list[ChatRequest] = []
        self.closed = False

    def start(self) -> None:
        pass

    async def stream(self, request: ChatRequest) -> AsyncIterator[Event]:
        self.asked.append(request)
        if self.answer is None:
            raise ConnectFailed("The provider could not be reached.")
        yield Text(self.answer)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def conversation(transactional_db) -> Conversation:
    user = get_user_model().objects.create(username="ann")
    opened = opening.open_question(user.pk, Send(client_message_id=uuid.uuid4().hex, text=LONG), "p")
    return Conversation.objects.get(id=opened.conversation_id)


def titled(conversation: Conversation, author: Author, monkeypatch) -> str:
    monkeypatch.setattr("chat.titles.installed_gateway", lambda: author)
    title_conversation(str(conversation.id))
    conversation.refresh_from_db()
    return conversation.title


def test_the_models_words_become_the_title(conversation, monkeypatch):
    author = Author('"Idle workers, growing queue."')
    assert titled(conversation, author, monkeypatch) == "Idle workers, growing queue"
    assert author.asked[0].priority == "background"
    assert LONG in author.asked[0].messages[0].text
    assert author.closed


def test_the_users_tabs_are_told_of_it(conversation, monkeypatch, valkey):
    with valkey.pubsub(ignore_subscribe_messages=True) as calls:
        calls.subscribe(f"calls:user:{conversation.owner_id}")
        calls.get_message(timeout=5)  # the subscription's own confirmation
        titled(conversation, Author("Queue growth"), monkeypatch)
        told = json.loads(calls.get_message(timeout=5)["data"])
    assert (told["type"], told["user_id"]) == ("live.wake", conversation.owner_id)
    frame = json.loads(told["frame"])
    assert (frame["type"], frame["title"]) == ("conversation.updated", "Queue growth")


def test_a_title_that_the_user_gave_stays(conversation, monkeypatch):
    Conversation.objects.update(title="Mine", titled_by_user=True)
    author = Author("Not this")
    assert titled(conversation, author, monkeypatch) == "Mine"
    assert author.asked == []


@pytest.mark.parametrize("answer", [None, "", "  \n", "x" * 200])
def test_where_the_model_has_none_the_questions_beginning_stays(conversation, monkeypatch, answer):
    assert titled(conversation, Author(answer), monkeypatch) == opening.first_title(LONG)


def test_a_short_question_wants_no_title_and_a_cut_one_does(transactional_db):
    user = get_user_model().objects.create(username="bob")
    for text, wants in (("Short question?", False), (LONG, True)):
        opened = opening.open_question(user.pk, Send(client_message_id=uuid.uuid4().hex, text=text), "p")
        assert opened.wants_title is wants
    follow_up = Send(client_message_id="c", text=LONG, conversation_id=opened.conversation_id)
    assert not opening.open_question(user.pk, follow_up, "p").wants_title


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Queue growth", "Queue growth"),
        ("Title: Queue growth\n\nMore words", "Queue growth"),
        ("Sure! Here is a title: **Queue growth**", "Queue growth"),
        ("ok", ""),
    ],
)
def test_only_the_title_itself_is_taken(answer, title):
    assert clean_title(answer) == title
