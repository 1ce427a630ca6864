"""An answer that cannot get lost: a second tab, a second process, a stop from afar, and `kill -9`."""

import asyncio
import time

import pytest
import pytest_asyncio

from tests.fakes import SCENARIOS
from tests.fakes.words import WIDTH
from tests.integration.tab import Tab, a_guest, text_of

PACED = SCENARIOS["paced-50"].text  # six seconds
# Seconds. The promise is 0.2; what is over it is a shared machine's own pause.
STOPPED_WITHIN = 0.2 + 0.3
# The promise to people is 30: a heartbeat that is lost for 15 and looked for every 5.
STORED_WITHIN = 30.0
FEW_FRAMES = 4 * 10 * WIDTH  # characters; a frame holds ten tokens at most


@pytest_asyncio.fixture
async def asked(daphne, guest):
    """A tab on daphne whose answer is on its way: (tab, generation id)."""
    async with Tab(daphne, guest) as tab:
        accepted = await tab.ask("Tell me", "mock/paced-50")
        generation_id = accepted["generation_id"]
        await tab.hear_texts(generation_id, 5)
        yield tab, generation_id


async def test_another_process_resumes_in_mid_answer_byte_for_byte(asked, uvicorn, guest):
    tab, generation_id = asked
    async with Tab(uvicorn, guest) as elsewhere:
        await elsewhere.say("chat.resume", generation_id=generation_id, after=0)
        theirs, ours = await asyncio.gather(
            elsewhere.hear_answer(generation_id, 20), tab.hear_answer(generation_id, 20)
        )
    assert text_of(theirs) == PACED
    assert theirs == ours


async def test_a_tab_that_saw_the_beginning_hears_only_the_rest(asked, uvicorn, guest):
    tab, generation_id = asked
    seen = tab.answer(generation_id)
    async with Tab(uvicorn, guest) as elsewhere:
        await elsewhere.say("chat.resume", generation_id=generation_id, after=seen[-1]["seq"])
        rest = await elsewhere.hear_answer(generation_id, 20)
    assert text_of(seen) + text_of(rest) == PACED
    assert rest[0]["seq"] == seen[-1]["seq"] + 1


async def test_the_same_process_resumes_too_and_after_the_end_storage_answers(daphne, uvicorn, guest):
    async with Tab(daphne, guest) as first:
        accepted = await first.ask("Tell me", "mock/markdown")
        generation_id = accepted["generation_id"]
        await first.hear_texts(generation_id, 3)
    # The tab is closed, which stops nothing.
    async with Tab(daphne, guest) as second:
        await second.say("chat.resume", generation_id=generation_id, after=0)
        frames = await second.hear_answer(generation_id)
    assert text_of(frames) == SCENARIOS["markdown"].text
    for web in (daphne, uvicorn):
        async with Tab(web, guest) as later:
            await later.say("chat.resume", generation_id=generation_id, after=0)
            assert await later.hear_answer(generation_id) == frames


async def test_a_tab_of_another_process_sees_question_and_answer_without_asking(daphne, uvicorn, guest):
    async with Tab(daphne, guest) as asking, Tab(uvicorn, guest) as watching:
        accepted = await asking.ask("For all to see", "mock/markdown")
        news = await watching.hear_until("conversation.updated")
        assert news["conversation_id"] == accepted["conversation_id"]
        assert news["message"]["text"] == "For all to see"
        theirs = await watching.hear_answer(accepted["generation_id"])
    assert text_of(theirs) == SCENARIOS["markdown"].text


async def test_somebody_elses_answer_is_not_found_in_any_process(asked, daphne, uvicorn):
    _, generation_id = asked
    for web in (daphne, uvicorn):
        async with Tab(web, a_guest(web)) as stranger:
            await stranger.say("chat.resume", generation_id=generation_id, after=0)
            assert (await stranger.hear_until("chat.error"))["code"] == "not_found"
            await stranger.say("chat.stop", generation_id=generation_id)
            assert (await stranger.hear_until("chat.error"))["code"] == "not_found"


@pytest.mark.parametrize("stopping", ["daphne", "uvicorn"])
async def test_a_stop_from_any_process_ends_it_at_once_and_upstream(
    stopping, request, daphne, guest, provider
):
    web = request.getfixturevalue(stopping)
    left = len(provider.ledger.left)
    async with Tab(daphne, guest) as asking, Tab(web, guest) as other:
        accepted = await asking.ask("Tell me much", "mock/paced-50-long")
        generation_id = accepted["generation_id"]
        await asking.hear_texts(generation_id, 5)
        began = time.monotonic()
        await other.say("chat.stop", generation_id=generation_id)
        last = (await asking.hear_answer(generation_id))[-1]
        took = time.monotonic() - began
    assert last["type"] == "chat.done"
    assert last["finish_reason"] == "stopped"
    assert took < STOPPED_WITHIN
    provider.until(lambda books: len(books.left) == left + 1)
    assert provider.ledger.left[-1].ended - began < STOPPED_WITHIN


async def test_the_same_message_sent_to_two_processes_is_answered_once(daphne, uvicorn, guest, provider):
    async with Tab(daphne, guest) as here, Tab(uvicorn, guest) as there:
        asked = [
            tab.ask("Once", "mock/prompted", client_message_id="one and the same") for tab in (here, there)
        ]
        first, second = await asyncio.gather(*asked)
        assert first["generation_id"] == second["generation_id"]
        await here.hear_answer(first["generation_id"])
    assert sum(stream.prompt == "Once" for stream in provider.ledger.of("prompted")) == 1


async def test_kill_9_leaves_what_had_come_as_interrupted_and_it_can_be_continued(house, uvicorn, guest):
    victim = house.start("daphne")
    async with Tab(victim, guest) as tab, Tab(uvicorn, guest) as watching:
        accepted = await tab.ask("Tell me", "mock/paced-50")
        generation_id = accepted["generation_id"]
        seen = await tab.hear_texts(generation_id, 10)
        number = tab.answer(generation_id)[-1]["seq"]
        victim.kill()
        killed = time.monotonic()
        async with Tab(uvicorn, guest) as late, Tab(uvicorn, guest) as ahead:
            await late.say("chat.resume", generation_id=generation_id, after=0)
            # As if more had been seen than was kept: it is told the kept answer from its start.
            await ahead.say("chat.resume", generation_id=generation_id, after=number + 20)
            tabs = (watching, late, ahead)
            frames, later, anew = await asyncio.gather(
                *(one.hear_answer(generation_id, STORED_WITHIN) for one in tabs)
            )
        assert time.monotonic() - killed < STORED_WITHIN
    assert frames[-1]["code"] == "interrupted"
    assert frames == later == anew
    kept = text_of(frames)
    assert PACED.startswith(kept)
    # What a process says in its last milliseconds may not have reached Valkey.
    assert len(seen) - len(kept) <= FEW_FRAMES

    house.start("daphne", victim.port)  # where the page looks for it
    async with Tab(victim, guest) as tab:
        await tab.say("chat.resume", generation_id=generation_id, after=0)
        assert await tab.hear_answer(generation_id) == frames
        message_id = accepted["message_id"]
        await tab.say("chat.regenerate", message_id=message_id, model="mock/paced-50", **{"continue": True})
        again = await tab.hear_until("chat.accepted")
        whole = await tab.hear_answer(again["generation_id"], 20)
    assert text_of(whole) == PACED
