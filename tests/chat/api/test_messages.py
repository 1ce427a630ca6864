"""`/api/messages`: a message is pinned by its owner, who can also see what was sent with an answer."""

import json
import uuid
from types import SimpleNamespace

import pytest

from chat import history, opening
from chat.models import Generation, Message
from chat.protocol import Send
from tests.chat.api.test_conversations import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(monkeypatch) -> list:
    frames: list = []
    live = SimpleNamespace(tell_user=lambda user, frame: frames.append((user, frame)))
    monkeypatch.setattr("chat.api.messages.runtime", lambda: SimpleNamespace(live=live))
    return frames


@pytest.fixture
def ann(heard):
    return person("ann")


@pytest.fixture
def opened(ann) -> opening.Opened:
    opened = opening.open_question(
        ann.user.pk, Send(client_message_id="c", text="First. Second. Third."), "p"
    )
    ranges = {str(opened.question_id): [[0, 6], [15, 21]]}
    note = {"way": "worker", "before": 90, "after": 40, "whole": 1, "parts": 1, "out": 3, "ranges": ranges}
    history.end_generation(opened.generation_id, Generation.State.COMPLETE, "Fine.", context=note)
    return opened


def patch(client, message_id, body):
    return client.patch(f"/api/messages/{message_id}", json.dumps(body), content_type="application/json")


def test_a_message_is_pinned_and_no_longer_and_every_tab_hears_of_it(ann, opened, heard):
    for pinned in (True, False):
        assert patch(ann, opened.question_id, {"pinned": pinned}).json()["pinned"] is pinned
        assert Message.objects.get(id=opened.question_id).pinned is pinned
        user, frame = heard[-1]
        assert user == ann.user.pk
        assert frame.marked == {"id": str(opened.question_id), "pinned": pinned}
    shown = ann.get(f"/api/conversations/{opened.conversation_id}").json()["messages"]
    assert [message["pinned"] for message in shown] == [False, False]


def test_a_pinned_message_is_pinned_in_the_next_prompt(ann, opened):
    patch(ann, opened.question_id, {"pinned": True})
    send = Send(client_message_id="d", text="And?", conversation_id=opened.conversation_id)
    assert [line.pinned for line in opening.open_question(ann.user.pk, send, "p").prompt] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("body", [{}, {"pinned": 1}, {"pinned": "yes"}, [], None])
def test_anything_else_is_refused(ann, opened, body):
    assert patch(ann, opened.question_id, body).status_code == 400


def test_somebody_elses_message_is_not_found(ann, opened):
    bob = person("bob")
    for message_id in (opened.question_id, uuid.uuid4()):
        assert patch(bob, message_id, {"pinned": True}).status_code == 404
        assert bob.get(f"/api/messages/{message_id}/context").status_code == 404


def test_what_was_sent_of_older_messages_is_shown_with_its_gaps(ann, opened):
    told = ann.get(f"/api/messages/{opened.answer_id}/context").json()
    assert told["context"]["way"] == "worker"
    assert told["context"]["unpinned"] == 0
    [passage] = told["passages"]
    assert passage["message_id"] == str(opened.question_id)
    assert passage["text"] == "First. … Third."
    assert ann.get(f"/api/messages/{opened.question_id}/context").json() == {"context": None, "passages": []}
    shown = ann.get(f"/api/conversations/{opened.conversation_id}").json()["messages"]
    assert shown[1]["generation"]["context"] == told["context"]


def test_of_a_deleted_conversation_nothing_is_shown(ann, opened, told):
    ann.delete(f"/api/conversations/{opened.conversation_id}")
    assert ann.get(f"/api/messages/{opened.answer_id}/context").status_code == 404
