"""A conversation leaves as a file: what is shown to read, everything to keep."""

import json
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chat import history, opening
from chat.exporting import file_name
from chat.models import Conversation, Generation
from chat.protocol import Send


@pytest.fixture
def ann(transactional_db):
    return get_user_model().objects.create(username="ann")


def talk(user, question: str, answer: str, **more) -> opening.Opened:
    send = Send(client_message_id=uuid.uuid4().hex, text=question, **more)
    opened = opening.open_question(user.pk, send, "p1")
    history.end_generation(
        opened.generation_id, Generation.State.COMPLETE, answer, model="mock/fast", provider="mock"
    )
    return opened


@pytest.fixture
def opened(ann) -> opening.Opened:
    first = talk(ann, "First wording", "Old answer")
    again = {"conversation_id": first.conversation_id, "edits": first.question_id}
    return talk(ann, "Second *wording*", "# New", **again)


def exported(client, opened, how: str):
    return client.get(f"/api/conversations/{opened.conversation_id}/export?as={how}")


def test_markdown_is_what_is_shown(client, ann, opened):
    client.force_login(ann)
    answer = exported(client, opened, "markdown")
    text = answer.content.decode()
    assert text.startswith("# First wording\n")
    assert "Second *wording*" in text
    assert "(mock/fast)" in text
    assert "Old answer" not in text
    assert answer["Content-Disposition"] == 'attachment; filename="First-wording.md"'


def test_json_is_every_branch(client, ann, opened):
    client.force_login(ann)
    file = json.loads(exported(client, opened, "json").content)
    assert (file["format"], file["version"]) == ("grump-conversation", 1)
    texts = {message["text"]: message for message in file["messages"]}
    assert set(texts) == {"First wording", "Old answer", "Second *wording*", "# New"}
    assert texts["# New"]["parent_id"] == texts["Second *wording*"]["id"]
    assert texts["# New"]["id"] == file["shown"]


def test_anothers_conversation_is_not_found_and_a_wrong_kind_is_named(client, ann, opened):
    client.force_login(get_user_model().objects.create(username="bob"))
    assert exported(client, opened, "json").status_code == 404
    client.force_login(ann)
    assert exported(client, opened, "pdf").status_code == 400


def test_a_long_one_takes_no_more_questions(client, ann, opened, django_assert_max_num_queries):
    client.force_login(ann)
    for number in range(10):
        talk(ann, f"more {number}", "yes", conversation_id=opened.conversation_id)
    with django_assert_max_num_queries(8):
        exported(client, opened, "markdown")


def test_a_conversation_without_messages_is_an_empty_file(client, ann):
    client.force_login(ann)
    empty = Conversation.objects.create(owner=ann, title="Empty", updated_at=timezone.now())
    answer = client.get(f"/api/conversations/{empty.id}/export?as=markdown")
    assert answer.content == b"# Empty\n"


@given(st.text(max_size=300))
def test_no_title_names_a_path_or_breaks_a_header(title):
    name = file_name(title, "md")
    assert not set(name) & set('/\\"\r\n\0:')
    assert name.endswith(".md")
    assert not name.startswith(".")
