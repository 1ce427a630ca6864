"""Whose words are known, until when, and that nobody else hears them."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from chat import conversations
from chat.models import Conversation, Heeded, Message, Prompt
from chat.prediction import index as module
from chat.prediction.index import Index
from chat.prediction.predicting import heed, predict
from tests.chat.sockets import Tab, a_user

pytestmark = pytest.mark.usefixtures("database")

HABIT = "Zephyrine wants the quarterly lighthouse report for the harbour office"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def index(clock) -> Index:
    return Index(clock)


def say(user, *texts: str) -> Conversation:
    conversation = Conversation.objects.create(owner=user, updated_at=timezone.now())
    for text in texts:
        Message.objects.create(conversation=conversation, owner=user, role="user", text=text)
    return conversation


async def suggested(index: Index, user, text: str, conversation_id=None) -> str:
    await index.of(user.pk) or await index.made(user.pk)
    return " | ".join(one.text for one in await predict(index, user.pk, text, conversation_id))


async def test_ones_own_words_come_back(index):
    user = await a_user()
    await sync_to_async(say)(user, *[HABIT] * 5)
    assert "lighthouse" in await suggested(index, user, "Zephyrine wants the quarterly ")


async def test_nobody_waits_for_an_index_that_is_not_there_yet(index):
    user = await a_user()
    await sync_to_async(say)(user, *[HABIT] * 5)
    assert await predict(index, user.pk, "Zephyrine wants the quarterly ", None) == []
    await index.made(user.pk)
    assert await predict(index, user.pk, "Zephyrine wants the quarterly ", None)


async def test_nobody_elses_words_are_ever_suggested(index):
    ann, bob = await a_user(), await a_user()
    conversation = await sync_to_async(say)(ann, *[HABIT] * 5)
    await sync_to_async(Prompt.objects.create)(owner=ann, name="habit", text=HABIT)
    for end in range(1, len(HABIT)):
        assert "lighthouse" not in await suggested(index, bob, HABIT[:end], conversation.id)
        assert "Zephyrine" not in await suggested(index, bob, HABIT[:end], conversation.id)


async def test_what_was_deleted_elsewhere_is_forgotten_with_the_next_look(index, clock):
    user = await a_user()
    conversation = await sync_to_async(say)(user, *[HABIT] * 5)
    assert await suggested(index, user, "Zephyrine wants the quarterly ")
    await sync_to_async(conversations.delete)(user.pk, conversation.id)
    clock.now += module.CHECKED_EVERY
    assert await suggested(index, user, "Zephyrine wants the quarterly ") == ""
    await sync_to_async(conversations.restore)(user.pk, conversation.id)
    clock.now += module.CHECKED_EVERY
    assert await suggested(index, user, "Zephyrine wants the quarterly ")


async def test_what_was_asked_since_is_added(index, clock):
    user = await a_user()
    await sync_to_async(say)(user, "hello")
    assert await suggested(index, user, "Zephyrine wants the quarterly ") == ""
    await sync_to_async(say)(user, *[HABIT] * 5)
    clock.now += module.CHECKED_EVERY
    assert "lighthouse" in await suggested(index, user, "Zephyrine wants the quarterly ")


async def test_secrets_are_not_in_what_is_kept(index):
    user = await a_user()
    await sync_to_async(say)(user, *["My password is correcthorse and nothing else"] * 5, "all is well here")
    await index.made(user.pk)
    known = await index.of(user.pk)
    assert "correcthorse" not in known.own.words
    assert "well" in known.own.words
    assert not any("correcthorse" in text for text in known.said.texts)


async def test_the_prompt_library_is_known(index):
    user = await a_user()
    await sync_to_async(Prompt.objects.create)(owner=user, name="a", text=HABIT)
    await sync_to_async(Prompt.objects.create)(owner=user, name="b", text=HABIT + " today")
    await index.made(user.pk)
    found = await predict(index, user.pk, "Zephyrine wants the quarterly lighthouse rep", None)
    assert [one.kind for one in found if " " in one.text] == ["library"]


async def test_the_conversation_at_hand_lends_its_words_also_those_of_its_answers(index):
    user = await a_user()
    conversation = await sync_to_async(say)(user, "What is down?")
    await Message.objects.acreate(
        conversation=conversation, owner=user, role="assistant", text="The quixotrone. " * 4
    )
    assert "trone" not in await suggested(index, user, "Why is the quixo")
    assert await suggested(index, user, "Why is the quixo", conversation.id) == "trone"


async def test_as_many_people_are_remembered_as_there_is_room_for(index, monkeypatch):
    monkeypatch.setattr(module, "MOST_PEOPLE", 2)
    for _ in range(3):
        await index.made((await a_user()).pk)
    assert len(index) == 2


async def test_a_kind_that_disappoints_is_shown_less(index, clock):
    user = await a_user()
    text = "Answer the fol"
    assert await suggested(index, user, text)
    numbers = {"shown": 400, "right": 20, "taken": 0, "expected": 330.0}
    await heed(user.pk, {"general": numbers, "conversation": numbers})
    await heed(user.pk, {"general": numbers})
    row = await Heeded.objects.aget(owner=user, kind="general")
    assert (row.shown, row.right, row.expected) == (800, 40, 660.0)
    index.forget(user.pk)
    assert await suggested(index, user, text) == ""


async def test_a_socket_is_answered_and_only_its_newest_text(mock):
    async with Tab(await a_user()) as tab:
        await tab.say("predict", id=1, text="Answer the fo")
        await tab.say("predict", id=2, text="Answer the fol")
        result = await tab.hear_until("predict.result")
        while result["id"] != 2:
            result = await tab.hear_until("predict.result")
        assert any(one["text"] == "lowing" for one in result["suggestions"])
        assert all(0.7 <= one["confidence"] <= 1 for one in result["suggestions"])


async def test_somebody_elses_conversation_lends_nothing_and_says_nothing(mock):
    ann = await a_user()
    conversation = await sync_to_async(say)(ann, *[HABIT] * 5)
    async with Tab(await a_user()) as tab:
        await tab.say("predict", id=1, text="Zephyrine wants the quarterly ", conversation_id=conversation.id)
        theirs = await tab.hear_until("predict.result")
        await tab.say("predict", id=1, text="Zephyrine wants the quarterly ", conversation_id=uuid.uuid4())
        nobodys = await tab.hear_until("predict.result")
    assert theirs == nobodys


async def test_a_deletion_in_this_process_is_felt_at_once(mock, house):
    user = await a_user()
    conversation = await sync_to_async(say)(user, *[HABIT] * 5)
    index = module.index_of(house)
    await index.made(user.pk)
    assert await predict(index, user.pk, "Zephyrine wants the quarterly ", None)
    await sync_to_async(conversations.delete)(user.pk, conversation.id)
    module.forget(user.pk)
    assert await predict(index, user.pk, "Zephyrine wants the quarterly ", None) == []
