"""A question is saved exactly once, through its owner, and its answer ends exactly once."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import checkpoints, history, opening
from chat.gateway.counting import count_tokens
from chat.history import NotFound
from chat.models import Conversation, Generation, Message
from chat.protocol import Regenerate, Send
from usage import quota
from usage.models import Hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return get_user_model().objects.create(username="ann")


@pytest.fixture
def bob():
    return get_user_model().objects.create(username="bob")


def ask(user, text="Hello", **more) -> opening.Opened:
    return opening.open_question(user.pk, Send(client_message_id=str(uuid.uuid4()), text=text, **more), "p1")


def finish(opened, text="Hi.", state=Generation.State.COMPLETE) -> None:
    assert history.end_generation(opened.generation_id, state, text)


def test_a_first_question_makes_a_conversation_with_its_answer_under_way(ann):
    opened = ask(ann, "What is backpressure?")
    assert opened.is_new
    assert opened.starts_conversation
    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.title) == (ann, "What is backpressure?")
    assert conversation.leaf_id == opened.answer_id
    assert Generation.objects.get().state == Generation.State.RUNNING
    assert [line.text for line in opened.prompt] == ["What is backpressure?"]


def test_the_next_question_follows_the_shown_leaf_and_carries_what_was_said(ann):
    first = ask(ann, "One?")
    finish(first, "One.")
    second = ask(ann, "Two?", conversation_id=first.conversation_id)
    assert Message.objects.get(id=second.question_id).parent_id == first.answer_id
    assert [(line.role, line.text) for line in second.prompt] == [
        ("user", "One?"),
        ("assistant", "One."),
        ("user", "Two?"),
    ]


def test_the_same_message_sent_twice_is_one_message_and_one_generation(ann):
    send = Send(client_message_id="c1", text="Once")
    first = opening.open_question(ann.pk, send, "p1")
    again = opening.open_question(ann.pk, send, "p1")
    assert not again.is_new
    assert (again.conversation_id, again.question_id, again.generation_id) == (
        first.conversation_id,
        first.question_id,
        first.generation_id,
    )
    assert Message.objects.count() == 2
    assert Conversation.objects.count() == 1


def test_two_people_may_use_the_same_message_id(ann, bob):
    send = Send(client_message_id="c1", text="Mine")
    assert opening.open_question(ann.pk, send, "p1").is_new
    assert opening.open_question(bob.pk, send, "p1").is_new


def test_somebody_elses_conversation_is_not_found_and_nothing_is_saved(ann, bob):
    hers = ask(ann)
    with pytest.raises(NotFound):
        ask(bob, conversation_id=hers.conversation_id)
    with pytest.raises(NotFound):
        ask(ann, conversation_id=uuid.uuid4())
    assert Message.objects.count() == 2


def test_a_parent_from_another_conversation_is_not_found(ann):
    one, two = ask(ann), ask(ann)
    with pytest.raises(NotFound):
        ask(ann, conversation_id=one.conversation_id, parent_id=two.answer_id)
    with pytest.raises(NotFound):
        ask(ann, parent_id=two.answer_id)


def test_a_deleted_conversation_takes_no_more_questions(ann):
    opened = ask(ann)
    Conversation.objects.update(deleted_at="2026-01-01T00:00:00Z")
    with pytest.raises(NotFound):
        ask(ann, conversation_id=opened.conversation_id)
    with pytest.raises(NotFound):
        opening.open_version(ann.pk, Regenerate(message_id=opened.answer_id), "p1")


def test_a_further_version_is_a_sibling_and_becomes_the_shown_one(ann):
    first = ask(ann)
    finish(first)
    second = opening.open_version(ann.pk, Regenerate(message_id=first.answer_id), "p1")
    assert second.is_new
    assert second.question_id == first.question_id
    assert Message.objects.get(id=second.answer_id).parent_id == first.question_id
    assert Conversation.objects.get().leaf_id == second.answer_id
    assert [line.text for line in second.prompt] == ["Hello"]


def test_a_second_click_while_a_version_is_being_made_is_the_same_version(ann):
    first = ask(ann)
    again = opening.open_version(ann.pk, Regenerate(message_id=first.answer_id), "p1")
    assert not again.is_new
    assert again.generation_id == first.generation_id


def test_continuing_begins_with_the_text_the_interrupted_answer_had(ann):
    first = ask(ann)
    finish(first, "Half an ans", Generation.State.INTERRUPTED)
    wish = Regenerate(message_id=first.answer_id, continue_=True)
    second = opening.open_version(ann.pk, wish, "p1")
    assert second.prefill == "Half an ans"
    assert Message.objects.get(id=first.answer_id).text == "Half an ans"


def test_somebody_elses_message_cannot_be_answered_again(ann, bob):
    with pytest.raises(NotFound):
        opening.open_version(bob.pk, Regenerate(message_id=ask(ann).answer_id), "p1")


def test_a_generation_ends_once_and_the_second_ending_changes_nothing(ann):
    opened = ask(ann)
    assert history.end_generation(opened.generation_id, Generation.State.COMPLETE, "All of it")
    assert not history.end_generation(opened.generation_id, Generation.State.INTERRUPTED, "Half")
    generation = Generation.objects.get()
    assert generation.state == Generation.State.COMPLETE
    assert generation.message.text == "All of it"
    assert generation.ended_at is not None


def test_a_checkpoint_hears_who_asked_to_stop(ann, bob):
    opened = ask(ann)
    with pytest.raises(NotFound):
        history.ask_to_stop(bob.pk, opened.generation_id)
    assert checkpoints.store("p1", {}) == []
    history.ask_to_stop(ann.pk, opened.generation_id)
    assert checkpoints.store("p1", {}) == [opened.generation_id]
    assert checkpoints.store("another", {}) == []


def test_a_branch_is_read_in_one_query_from_the_root_to_the_leaf(ann):
    opened = ask(ann, "0")
    for number in range(1, 6):
        finish(opened, f"{number}.")
        opened = ask(ann, str(number), conversation_id=opened.conversation_id)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        texts = [message.text for message in history.branch(opened.question_id)]
    assert texts == ["0", "1.", "1", "2.", "2", "3.", "3", "4.", "4", "5.", "5"]
    assert len(queries) == 1
    assert [message.text for message in history.branch(opened.question_id, 3)] == ["4", "5.", "5"]


def test_opening_a_turn_takes_the_same_number_of_queries_however_long_the_conversation(ann):
    opened = ask(ann)
    counts = []
    for _ in range(6):
        finish(opened)
        with CaptureQueriesContext(connection) as queries:
            opened = ask(ann, conversation_id=opened.conversation_id)
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 13


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Short", "Short"),
        ("  two\n lines ", "two lines"),
        ("word " * 40, " ".join(["word"] * 12) + "…"),
        ("x" * 100, "x" * 60 + "…"),
    ],
)
def test_a_first_title_is_the_beginning_of_the_question_cut_at_a_word(text, title):
    assert opening.first_title(text) == title


# --- Questions asked otherwise -------------------------------------------------------------------


def test_an_edited_question_is_a_branch_beside_it_also_at_the_very_beginning(ann):
    first = ask(ann, "one")
    finish(first)
    second = ask(ann, "two", conversation_id=first.conversation_id)
    finish(second)
    middle = ask(ann, "two, otherwise", conversation_id=first.conversation_id, edits=second.question_id)
    assert [line.text for line in middle.prompt] == ["one", "Hi.", "two, otherwise"]
    finish(middle)
    root = ask(ann, "one, otherwise", conversation_id=first.conversation_id, edits=first.question_id)
    assert [line.text for line in root.prompt] == ["one, otherwise"]
    assert Message.objects.get(id=root.question_id).parent_id is None
    assert [message.text for message in history.branch(root.answer_id)] == ["one, otherwise", ""]
    assert history.branch(second.answer_id)[0].text == "one"


def test_what_is_no_question_of_this_conversation_cannot_be_edited(ann):
    first, elsewhere = ask(ann, "one"), ask(ann, "somewhere else")
    for edits in (first.answer_id, elsewhere.question_id, uuid.uuid4()):
        with pytest.raises(NotFound):
            ask(ann, "?", conversation_id=first.conversation_id, edits=edits)
    with pytest.raises(NotFound):
        ask(ann, "?", edits=first.question_id)
    assert Message.objects.filter(text="?").count() == 0


def test_a_text_is_counted_when_it_is_stored_and_not_again(ann, monkeypatch):
    first = ask(ann, "How many tokens are these?")
    finish(first, "Some seven, I would say.")
    asked, answered = Message.objects.order_by("created_at")
    assert asked.tokens == count_tokens("How many tokens are these?")
    assert answered.tokens == count_tokens("Some seven, I would say.")
    monkeypatch.setattr("chat.history.count_tokens", lambda text: pytest.fail(text) if "seven" in text else 1)
    second = ask(ann, "And now?", conversation_id=first.conversation_id)
    assert [line.tokens for line in second.prompt[:2]] == [asked.tokens, answered.tokens]


def test_an_answer_sees_further_back_than_the_page_shows(ann):
    conversation = a_long_conversation(ann, history.BRANCH_LIMIT + 50)
    opened = ask(ann, "And?", conversation_id=conversation.id)
    assert len(opened.prompt) == history.BRANCH_LIMIT + 51
    assert opened.prompt[0].text == "Message 0"
    assert len(history.branch(opened.question_id)) == history.BRANCH_LIMIT


def test_what_an_answer_sees_is_bounded_in_messages_and_in_text(ann, monkeypatch):
    conversation = a_long_conversation(ann, 30)
    monkeypatch.setattr(history, "PROMPT_MESSAGES", 10)
    assert len(ask(ann, "And?", conversation_id=conversation.id).prompt) == 10
    monkeypatch.setattr(history, "PROMPT_TEXT", 40)
    assert len(ask(ann, "And?", conversation_id=conversation.id).prompt) <= 6


def test_no_more_is_held_than_a_window_takes(ann):
    conversation = a_long_conversation(ann, 50)
    send = Send(client_message_id="c", text="And?", conversation_id=conversation.id)
    opening.open_question(ann.pk, send, "p1", opening.Asking(window=20))
    assert Hold.objects.get().tokens == 20 + quota.FIRST_OUTPUT


def a_long_conversation(user, length: int) -> Conversation:
    conversation = Conversation.objects.create(owner=user, updated_at=timezone.now())
    parent = None
    for number in range(length):
        role = Message.Role.ASSISTANT if number % 2 else Message.Role.USER
        parent = Message.objects.create(
            conversation=conversation, owner=user, parent=parent, role=role, text=f"Message {number}"
        )
    Conversation.objects.filter(id=conversation.id).update(leaf_id=parent.id)
    return conversation
