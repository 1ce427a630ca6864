"""A temporary chat leaves nothing behind but what it took."""

import logging

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from chat.models import Conversation, Generation, Message
from grump.lib.database import in_database
from tests.chat.sockets import Tab, a_user, seqs_of, text_of
from tests.waiting import until
from usage.models import Entry, Hold

pytestmark = pytest.mark.usefixtures("mock")

SECRET = "xylophone-temperature-quagmire"


def tables_that_hold(text: str) -> list[str]:
    """Every table of the database with the text in any of its rows."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if any(text in str(row) for row in cursor.fetchall()):
                found.append(table)
    return found


def keys_that_hold(valkey, text: str) -> list[bytes]:
    """Every key of Valkey with the text in its name or value."""
    read = {b"string": valkey.get, b"stream": valkey.xrange, b"hash": valkey.hgetall}
    found = []
    for key in valkey.keys("*"):
        value = read.get(valkey.type(key), valkey.dump)(key)
        if text in repr((key, value)):
            found.append(key)
    return found


async def ask(tab: Tab, text: str, model: str = "mock/echo", **fields) -> dict:
    return await tab.ask(text, model, temporary=True, **fields)


async def test_nothing_of_it_is_in_the_database_valkey_or_the_log(mock, valkey, caplog):
    caplog.set_level(logging.DEBUG)
    async with Tab(await a_user()) as tab:
        accepted = await ask(tab, f"Say {SECRET}", history=[{"role": "user", "text": f"Before: {SECRET}"}])
        frames = await tab.hear_answer(accepted["generation_id"])
    assert SECRET in text_of(frames)
    assert seqs_of(frames) == list(range(1, len(frames) + 1))
    assert frames[-1]["type"] == "chat.done"
    assert accepted["conversation_id"] is None
    assert await sync_to_async(tables_that_hold)(SECRET) == []
    assert await sync_to_async(keys_that_hold)(valkey, SECRET) == []
    assert SECRET not in caplog.text
    for model in (Conversation, Message, Generation):
        assert await model.objects.acount() == 0


async def test_the_same_question_stored_is_found_where_this_one_looks(valkey):
    """Else the test above could not fail."""
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(f"Say {SECRET}", "mock/echo")
        await tab.hear_answer(accepted["generation_id"])
    assert "chat_message" in await sync_to_async(tables_that_hold)(SECRET)
    assert await until(lambda: keys_that_hold(valkey, SECRET)) is None


async def test_the_model_hears_the_instructions_and_what_was_said_before(mock):
    said = [{"role": "user", "text": "One?"}, {"role": "assistant", "text": "One."}]
    async with Tab(await a_user()) as tab:
        accepted = await ask(tab, "Two?", history=said, instructions="Be brief.")
        await tab.hear_answer(accepted["generation_id"])
    asked = mock.ledger.streams[-1].request["messages"]
    assert [(line["role"], line["content"]) for line in asked] == [
        ("system", "Be brief."),
        ("user", "One?"),
        ("assistant", "One."),
        ("user", "Two?"),
    ]


async def test_it_counts_as_any_question_does():
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await ask(tab, "Hello", "mock/fast")
        done = (await tab.hear_answer(accepted["generation_id"]))[-1]
    entry = await Entry.objects.aget(owner=user)
    assert (entry.source, entry.conversation, entry.requests) == ("temporary", None, 1)
    assert entry.output_tokens == done["usage"]["output_tokens"] > 0
    assert await Hold.objects.acount() == 0


async def test_no_other_tab_hears_of_it():
    user = await a_user()
    async with Tab(user) as tab, Tab(user) as other:
        accepted = await ask(tab, "Hello")
        await tab.hear_answer(accepted["generation_id"])
        await other.say("ping", id=1)
        assert (await other.hear())["type"] == "pong"


async def test_it_is_stopped_and_pays_for_what_was_said(house):
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await ask(tab, "Hello", "mock/paced-50")
        while not text_of(tab.answer(accepted["generation_id"])):
            await tab.hear()
        await tab.say("chat.stop", generation_id=accepted["generation_id"])
        assert (await tab.hear_answer(accepted["generation_id"]))[-1]["finish_reason"] == "stopped"
    assert (await Entry.objects.aget(owner=user)).output_tokens > 0


async def test_after_a_lost_connection_the_same_user_hears_the_rest_and_nobody_else_does():
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await ask(tab, "Hello", "mock/paced-50")
        while not text_of(tab.answer(accepted["generation_id"])):
            await tab.hear()
    async with Tab(user) as again, Tab(await a_user()) as stranger:
        resume = {"generation_id": accepted["generation_id"], "after": 0}
        await stranger.say("chat.resume", **resume)
        assert (await stranger.hear())["code"] == "not_found"
        await again.say("chat.resume", **resume)
        frames = await again.hear_answer(accepted["generation_id"])
    assert frames[-1]["type"] == "chat.done"
    assert seqs_of(frames) == list(range(1, len(frames) + 1))


async def test_sent_again_it_is_answered_once(mock):
    async with Tab(await a_user()) as tab:
        first = await ask(tab, "Once", client_message_id="c1")
        await tab.hear_answer(first["generation_id"])
        again = await ask(tab, "Once", client_message_id="c1")
    assert again["generation_id"] == first["generation_id"]
    assert len(mock.ledger.streams) == 1


async def test_a_failure_is_told_and_costs_nothing():
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await ask(tab, "Hello", "mock/bad-request")
        last = (await tab.hear_answer(accepted["generation_id"]))[-1]
    assert last["type"] == "chat.error"
    assert (await Entry.objects.aget(owner=user)).requests == 0


async def test_it_has_no_place_among_what_is_stored():
    async with Tab(await a_user()) as tab:
        kept = await tab.ask("Stored", "mock/fast")
        await tab.hear_answer(kept["generation_id"])
        for fields in ({"conversation_id": kept["conversation_id"]}, {"edits": kept["message_id"]}):
            await tab.say("chat.send", client_message_id="t", text="x", temporary=True, **fields)
            assert (await tab.hear_until("chat.error"))["code"] == "not_found"


@pytest.mark.parametrize(
    "history",
    ["x", {}, [1], [{"role": "system", "text": "x"}], [{"role": "user"}], [{"role": "user", "text": "a\0"}],
     [{"role": "user", "text": "x"}] * 401],
)  # fmt: skip
async def test_a_history_that_is_none_is_refused(history):
    async with Tab(await a_user()) as tab:
        await tab.say("chat.send", client_message_id="t", text="x", temporary=True, history=history)
        assert (await tab.hear())["code"] == "bad_frame"


async def test_a_conversations_instructions_go_before_every_question(mock):
    async with Tab(await a_user()) as tab:
        first = await tab.ask("One?", "mock/fast", instructions=" Be brief. ")
        await tab.hear_answer(first["generation_id"])
        second = await tab.ask("Two?", "mock/fast", conversation_id=first["conversation_id"])
        await tab.hear_answer(second["generation_id"])
    for stream in mock.ledger.streams:
        assert stream.request["messages"][0] == {"role": "system", "content": "Be brief."}
    kept = await in_database(Conversation.objects.get)
    assert kept.instructions == "Be brief."
