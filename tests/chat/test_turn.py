"""A turn goes on without its socket, can be stopped, resumed and continued, and ends exactly once."""

import time
import uuid

import orjson
import pytest

from chat import history, protocol, turn
from chat.models import Generation, Message
from chat.runtime import Runtime, gateway
from grump.lib.database import in_database
from tests.chat.sockets import Tab, a_user, seqs_of, text_of
from tests.fakes.catalogue import write_catalogue
from tests.fakes.scenarios import SCENARIOS
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("mock")

ANSWER = SCENARIOS["fast"].text


async def stored(generation_id: str) -> Generation:
    return await Generation.objects.select_related("message").aget(id=generation_id)


async def some_text(tab: Tab, generation_id: str) -> None:
    """Wait until the answer has begun to show."""
    while not text_of(tab.answer(generation_id)):
        await tab.hear()


async def test_closing_the_tab_stops_nothing(house, mock):
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/slow-first-token")
    task = house.live.broadcasts[uuid.UUID(accepted["generation_id"])].task
    await task
    generation = await stored(accepted["generation_id"])
    assert generation.state == Generation.State.COMPLETE
    assert generation.message.text == ANSWER


@pytest.mark.parametrize("after", [0, 1, 5, 99])
async def test_after_the_end_a_reload_replays_from_storage(after):
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await tab.ask(model="mock/reasoning")
        first = await tab.hear_answer(accepted["generation_id"])
    async with Tab(user) as tab:
        await tab.say("chat.resume", generation_id=accepted["generation_id"], after=min(after, len(first)))
        if after < len(first):
            assert await tab.hear_answer(accepted["generation_id"]) == first[after:]
        await tab.say("ping")
        assert (await tab.hear())["type"] == "pong"


async def test_a_reload_in_mid_answer_hears_the_rest_without_a_gap():
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await tab.ask(model="mock/paced-50")
        await some_text(tab, accepted["generation_id"])
        before = tab.answer(accepted["generation_id"])
    async with Tab(user) as again:
        await again.say("chat.resume", generation_id=accepted["generation_id"], after=before[-1]["seq"])
        rest = await again.hear_answer(accepted["generation_id"])
    frames = before + rest
    assert seqs_of(frames) == list(range(1, len(frames) + 1))
    assert text_of(frames) == SCENARIOS["paced-50"].text
    assert (await stored(accepted["generation_id"])).message.text == text_of(frames)


async def test_a_second_tab_sees_the_question_and_the_answer_grow():
    user = await a_user()
    async with Tab(user) as one, Tab(user) as two:
        accepted = await one.ask("Do you see this?")
        updated = await two.hear_until("conversation.updated")
        assert updated["message"]["text"] == "Do you see this?"
        assert updated["generation_id"] == accepted["generation_id"]
        assert await two.hear_answer(accepted["generation_id"]) == await one.hear_answer(
            accepted["generation_id"]
        )


async def test_a_second_process_serves_the_same_answer(house):
    """Two runtimes on one loop are two processes in all but the memory they might share."""
    user = await a_user()
    other = Runtime(house.gateway)
    try:
        async with Tab(user) as tab:
            accepted = await tab.ask(model="mock/paced-50")
            await some_text(tab, accepted["generation_id"])
            far = FarTab()
            wish = protocol.Resume(generation_id=uuid.UUID(accepted["generation_id"]), after=1)
            await turn.resume(other, user.pk, wish, far)
            frames = await tab.hear_answer(accepted["generation_id"])
            await until(lambda: len(far.frames) == len(frames) - 1)
        assert far.frames == frames[1:]
    finally:
        await other.live.close()
        await other.keeper.close()


class FarTab:
    """An outbox in another process."""

    def __init__(self) -> None:
        self.frames: list[dict] = []

    def put(self, frame: str) -> None:
        self.frames.append(orjson.loads(frame))


async def test_stop_ends_it_in_under_200_ms_keeps_the_text_and_closes_upstream(mock):
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/paced-50-long")
        await some_text(tab, accepted["generation_id"])
        asked = time.monotonic()
        await tab.say("chat.stop", generation_id=accepted["generation_id"])
        done = await tab.hear_until("chat.done")
        assert time.monotonic() - asked < 0.2
        frames = tab.answer(accepted["generation_id"])
    assert done["finish_reason"] == "stopped"
    assert done["usage"]["estimated"]
    generation = await stored(accepted["generation_id"])
    assert generation.state == Generation.State.STOPPED
    assert generation.message.text == text_of(frames) != ""
    await until(lambda: not mock.ledger.open)
    assert len(mock.ledger.left) == 1


async def test_stopping_twice_or_after_the_end_changes_nothing():
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask()
        frames = await tab.hear_answer(accepted["generation_id"])
        for _ in range(2):
            await tab.say("chat.stop", generation_id=accepted["generation_id"])
        await tab.say("ping")
        assert (await tab.hear())["type"] == "pong"
    assert (await stored(accepted["generation_id"])).state == Generation.State.COMPLETE
    assert frames[-1]["finish_reason"] == "stop"


async def test_a_stop_from_another_process_is_found_through_the_database(house):
    user = await a_user()
    async with Tab(user) as tab:
        accepted = await tab.ask(model="mock/paced-50-long")
        await some_text(tab, accepted["generation_id"])
        await Generation.objects.filter(id=accepted["generation_id"]).aupdate(stop_requested=True)
        await house.keeper.checkpoint()
        assert (await tab.hear_until("chat.done"))["finish_reason"] == "stopped"


async def test_another_version_is_a_sibling_with_its_own_generation():
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask()
        done = (await tab.hear_answer(accepted["generation_id"]))[-1]
        await tab.say("chat.regenerate", message_id=done["message_id"], model="mock/other", id="again")
        again = await tab.hear_until("chat.accepted")
        assert again["id"] == "again"
        assert again["message_id"] == accepted["message_id"]
        frames = await tab.hear_answer(again["generation_id"])
    assert frames[0]["model"] == "mock/other"
    assert await Message.objects.filter(parent=accepted["message_id"]).acount() == 2


async def test_continuing_an_interrupted_answer_goes_on_from_its_text(mock):
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/stall-mid-stream")
        await some_text(tab, accepted["generation_id"])
        await tab.say("chat.stop", generation_id=accepted["generation_id"])
        done = (await tab.hear_answer(accepted["generation_id"]))[-1]
        half = (await stored(accepted["generation_id"])).message.text
        await tab.say(
            "chat.regenerate", message_id=done["message_id"], model="mock/fast", **{"continue": True}
        )
        again = await tab.hear_until("chat.accepted")
        frames = await tab.hear_answer(again["generation_id"])
    deltas = [frame["text"] for frame in frames if "text" in frame]
    assert deltas[0].startswith(half)
    assert (await stored(again["generation_id"])).message.text == "".join(deltas)
    assert mock.ledger.streams[-1].request["messages"][-1]["content"].endswith(half)


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("mock/server-error", "provider_unavailable"),
        ("mock/refuse", "provider_unavailable"),
        ("mock/no-terminator", "provider_unavailable"),
        ("mock/context-too-long", "context_too_long"),
    ],
)
async def test_an_answer_that_fails_says_so_with_its_code_and_keeps_what_came(model, code):
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model=model)
        frames = await tab.hear_answer(accepted["generation_id"])
    assert frames[-1]["type"] == "chat.error"
    assert frames[-1]["code"] == code
    generation = await stored(accepted["generation_id"])
    assert generation.state == Generation.State.FAILED
    assert generation.error_code == code
    assert generation.message.text == text_of(frames)


async def test_the_receipt_names_who_finished_the_answer(mock, settings, tmp_path):
    fallback = {"die-mid-stream": ["mock/other"]}
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "two.toml", mock.url, fallback=fallback))
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/die-mid-stream")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert [frame["type"] for frame in frames if frame["type"] != "chat.delta"] == [
        "chat.start",
        "chat.retry",
        "chat.done",
    ]
    generation = await stored(accepted["generation_id"])
    assert generation.model == "mock/other"
    assert generation.message.text == text_of(frames) == ANSWER


async def test_an_answer_cut_off_by_a_filter_says_so_as_its_finish_reason():
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/content-filter")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert frames[-1]["finish_reason"] == "content_filter"


async def test_a_process_taken_for_dead_that_comes_back_tells_what_is_stored(house):
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/paced-50-long")
        await some_text(tab, accepted["generation_id"])
        await in_database(
            history.end_generation,
            uuid.UUID(accepted["generation_id"]),
            Generation.State.INTERRUPTED,
            "claimed",
            journal=[],
        )
        await tab.say("chat.stop", generation_id=accepted["generation_id"])
        await house.live.broadcasts[uuid.UUID(accepted["generation_id"])].task
    assert (await stored(accepted["generation_id"])).message.text == "claimed"


async def test_what_is_preferred_reaches_the_gateway(house, monkeypatch):
    asked = []
    stream = house.gateway.stream
    monkeypatch.setattr(house.gateway, "stream", lambda request: asked.append(request) or stream(request))
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/fast", preference=0.9)
        await tab.hear_answer(accepted["generation_id"])
        await tab.say("chat.regenerate", message_id=accepted["message_id"], model="mock/fast", preference=0)
        again = await tab.hear_until("chat.accepted")
        await tab.hear_answer(again["generation_id"])
    assert [request.preference for request in asked] == [0.9, 0]


async def test_an_answer_says_under_what_it_was_given(settings, mock, tmp_path):
    fallback = {"server-error": ["mock/other"]}
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "two.toml", mock.url, fallback=fallback))
    settings.RELEASE = "abc"
    async with Tab(await a_user()) as tab:
        first = await tab.ask(model="mock/server-error")
        await tab.hear_answer(first["generation_id"])
        second = await tab.ask(model="mock/fast")
        await tab.hear_answer(second["generation_id"])
    after_a_failure, at_once = await stored(first["generation_id"]), await stored(second["generation_id"])
    assert (after_a_failure.model, after_a_failure.fell_back) == ("mock/other", True)
    assert not at_once.fell_back
    assert (at_once.plan, at_once.release) == ("free", "abc")


async def test_an_answer_from_before_says_what_asking_again_would_have_cost(settings):
    settings.ANSWER_CACHE = True
    async with Tab(await a_user()) as tab:
        costs = []
        for _ in range(2):
            accepted = await tab.ask("What does it cost?", model="mock/fast")
            await tab.hear_answer(accepted["generation_id"])
            answer = await stored(accepted["generation_id"])
            await gateway()._cached.settled()
            costs.append((answer.cached, answer.cost_microusd > 0, answer.saved_microusd > 0))
    assert costs == [("", True, False), ("exact", False, True)]
