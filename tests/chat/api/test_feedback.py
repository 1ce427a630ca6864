"""Thumbs and scores come in through their owner, and nothing else does."""

import json
import uuid

import pytest
from django.contrib.auth import get_user_model

from chat import history, opening
from chat.models import Conversation, Generation
from chat.protocol import Send
from figures.models import Satisfaction, Thumb

pytestmark = pytest.mark.django_db(transaction=True)  # the door works in threads of its own


@pytest.fixture
def ann(client):
    user = get_user_model().objects.create(username="ann")
    client.force_login(user)
    return user


@pytest.fixture
def answer(ann) -> uuid.UUID:
    opened = opening.open_question(ann.pk, Send(client_message_id="1", text="Why?"), "p1")
    history.end_generation(opened.generation_id, Generation.State.COMPLETE, "So.", model="mock/fast")
    return opened.generation_id


@pytest.fixture
def post(client):
    def send(path, body):
        content = body if isinstance(body, str) else json.dumps(body)
        return client.post(f"/api/feedback/{path}", content, content_type="application/json")

    return send


def test_a_thumb_is_kept_with_what_the_answer_was_and_shown_again(post, client, ann, answer):
    said = {"up": False, "reason": "wrong", "text": "It is\0 not."}
    assert post(f"answers/{answer}", said).status_code == 204
    thumb = Thumb.objects.get(owner=ann)
    assert (thumb.model, thumb.reason, thumb.text) == ("mock/fast", "wrong", "It is not.")
    conversation = Conversation.objects.get()
    shown = client.get(f"/api/conversations/{conversation.pk}").json()
    made = [message["generation"] for message in shown["messages"] if message["generation"]]
    assert [generation["thumb"] for generation in made] == [False]


def test_somebody_elses_answer_is_not_found(post, client, answer):
    client.force_login(get_user_model().objects.create(username="bob"))
    assert post(f"answers/{answer}", {"up": True}).status_code == 404
    assert post(f"answers/{uuid.uuid4()}", {"up": True}).status_code == 404
    client.logout()
    assert post(f"answers/{answer}", {"up": True}).status_code == 404
    assert not Thumb.objects.exists()


@pytest.mark.parametrize(
    "body",
    ["", "[]", "7", {"up": 1}, {"up": "yes"}, {"up": True, "reason": "because"}, {"up": True, "reason": []},
     {"up": True, "text": "x" * 1001}, {"up": True, "text": 7}],
)  # fmt: skip
def test_nonsense_is_told_what_is_taken(post, answer, body):
    assert post(f"answers/{answer}", body).status_code == 400
    assert not Thumb.objects.exists()


def test_an_answer_under_way_cannot_be_judged_yet(post, ann):
    opened = opening.open_question(ann.pk, Send(client_message_id="2", text="Why?"), "p1")
    assert post(f"answers/{opened.generation_id}", {"up": True}).status_code == 404


def test_the_question_is_asked_once_answered_once_or_ended(post, answer, settings):
    settings.SATISFACTION_AFTER = 1
    assert post("satisfaction", {"score": 5}).status_code == 409
    assert post("satisfaction", {"ask": True}).json() == {"ask": True}
    assert post("satisfaction", {"ask": True}).json() == {"ask": False}
    for score in (0, 6, True, "5", None, 4.5):
        assert post("satisfaction", {"score": score}).status_code == 400
    assert post("satisfaction", {"score": 4, "text": " Quick. "}).status_code == 204
    assert post("satisfaction", {"score": 4}).status_code == 409
    assert post("satisfaction", {"never_again": True}).status_code == 204
    row = Satisfaction.objects.get()
    assert (row.score, row.text, row.never_again) == (4, "Quick.", True)
