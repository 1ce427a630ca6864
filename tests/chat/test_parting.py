"""A process that ends lets answers finish, moves its sockets, and loses nothing of what is not finished."""

import asyncio

import pytest

from chat import parting
from chat.models import Generation, Message
from chat.outbox import CLOSE_CROWDED, CLOSE_RESTART
from grump.lib.leaving import leaving
from tests.chat.sockets import Tab, a_user, text_of
from tests.fakes.scenarios import SCENARIOS

pytestmark = pytest.mark.usefixtures("mock")


@pytest.fixture
def ending(monkeypatch):
    monkeypatch.setattr(leaving, "begun", True)


async def test_an_answer_comes_to_its_end_though_its_socket_has_been_moved(house):
    user = await a_user()
    tab = Tab(user)
    assert await tab.connect()
    accepted = await tab.ask("Tell me", "mock/markdown")
    await tab.hear_until("chat.delta")
    assert await parting.part(house, within=20) == 0
    assert await tab.hear_close() == CLOSE_RESTART
    answer = await Message.objects.select_related("generation").aget(role="assistant")
    assert answer.text == SCENARIOS["markdown"].text
    assert answer.generation.state == Generation.State.COMPLETE
    async with Tab(user) as later:
        await later.say("chat.resume", generation_id=accepted["generation_id"], after=0)
        assert text_of(await later.hear_answer(accepted["generation_id"])) == answer.text


async def test_what_is_not_finished_in_time_is_stored_with_all_that_had_come(house):
    async with Tab(await a_user()) as tab:
        await tab.ask("Tell me much", "mock/paced-50-long")
        frame = await tab.hear_until("chat.delta")
        assert await parting.part(house, within=0.2) == 1
    generation = await Generation.objects.select_related("message").aget()
    assert generation.state == Generation.State.INTERRUPTED
    assert generation.message.text.startswith(frame["text"])
    assert not house.live.broadcasts


async def test_the_moments_at_which_sockets_are_moved_are_spread(house, monkeypatch):
    monkeypatch.setattr(parting, "A_SECOND", 40)
    user = await a_user()
    tabs = [Tab(user) for _ in range(20)]
    for tab in tabs:
        assert await tab.connect()
    clock = asyncio.get_running_loop().time
    begun = clock()

    async def moved(tab: Tab) -> float:
        assert await tab.hear_close() == CLOSE_RESTART
        return clock() - begun

    _, *moments = await asyncio.gather(parting.part(house, within=20), *map(moved, tabs))
    assert max(moments) - min(moments) > 0.2  # half a second for 20 at 40 a second


async def test_a_socket_that_comes_while_the_process_ends_is_sent_on(ending):
    tab = Tab(await a_user())
    assert await tab.connect()
    assert await tab.hear_close() == CLOSE_RESTART


@pytest.mark.parametrize("limit", ["MAX_SOCKETS", "MAX_SOCKETS_PER_USER"])
async def test_more_sockets_than_there_may_be_are_told_to_come_back(settings, limit):
    setattr(settings, limit, 1)
    user = await a_user()
    async with Tab(user):
        late = Tab(user)
        assert await late.connect()
        assert await late.hear_close() == CLOSE_CROWDED
    async with Tab(user):  # there is room again: it hears that it is connected
        pass
