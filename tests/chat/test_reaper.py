"""What a crash left running is stored as interrupted, with everything that had arrived."""

import asyncio
import uuid
from datetime import timedelta

import pytest
import pytest_asyncio
from django.conf import settings
from django.utils import timezone

from chat import history, opening, protocol
from chat.keeper import Keeper
from chat.live import Broadcast, Live
from chat.models import Generation
from chat.reaper import reap
from grump.lib.database import in_database
from tests.chat.sockets import a_user
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("database", "valkey")


async def a_process() -> Live:
    live = Live(settings.REDIS_URL, f"p{uuid.uuid4().hex}")
    live.start()
    return live


@pytest_asyncio.fixture
async def survivor():
    live = await a_process()
    yield live
    await live.close()


async def under_way(live: Live, *texts: str) -> Broadcast:
    """An answer that `live` is in the middle of."""
    user = await a_user()
    send = protocol.Send(client_message_id=uuid.uuid4().hex, text="Hello")
    opened = await in_database(opening.open_question, user.pk, send, live.process)
    broadcast = live.begin(opened.generation_id, user.pk)
    broadcast.say(protocol.Start, provider="p", model="m", tier="simple", reason="r", cached=None)
    for text in texts:
        broadcast.say(protocol.Delta, text=text)
    return broadcast


async def silence(broadcast: Broadcast) -> None:
    """Its process has not been heard of for longer than is allowed."""
    lost = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LOST_SECONDS + 1)
    await Generation.objects.filter(id=broadcast.id).aupdate(heartbeat_at=lost)


async def stored(broadcast: Broadcast) -> Generation:
    return await Generation.objects.select_related("message").aget(id=broadcast.id)


async def test_the_partial_answer_is_taken_from_the_live_stream(survivor):
    victim = await a_process()
    broadcast = await under_way(victim, "All that ", "was said")
    await until(lambda: victim.relay.written(broadcast.id) == 3)
    await victim.close()
    await silence(broadcast)
    assert await reap(survivor.relay) == 1
    generation = await stored(broadcast)
    assert generation.state == Generation.State.INTERRUPTED
    assert generation.message.text == "All that was said"
    frames = history.stored_frames(generation)
    assert frames[:3] == broadcast.frames
    assert '"code":"interrupted"' in frames[3]
    assert '"seq":4' in frames[3]
    # A reader who saw more than was kept hears it anew; one who saw exactly what was kept, the end.
    assert [history.stored_frames(generation, seen) for seen in (3, 4, 9)] == [frames[3:], frames, frames]


async def test_followers_in_other_processes_hear_that_it_was_interrupted(survivor):
    victim = await a_process()
    broadcast = await under_way(victim, "Half")
    heard: list[str] = []
    tab = type("Tab", (), {"put": lambda _, frame: heard.append(frame)})()
    survivor.follow_elsewhere(broadcast.id, tab, 0)
    await until(lambda: len(heard) == 2)
    await victim.close()
    await silence(broadcast)
    await reap(survivor.relay)
    await until(lambda: len(heard) == 3)
    assert '"code":"interrupted"' in heard[-1]


async def test_with_valkey_empty_the_last_checkpoint_remains(survivor, valkey):
    victim = await a_process()
    broadcast = await under_way(victim, "Kept ")
    await Keeper(victim).checkpoint()
    broadcast.say(protocol.Delta, text="and lost")
    await victim.close()
    valkey.flushall()
    await silence(broadcast)
    await reap(survivor.relay)
    generation = await stored(broadcast)
    assert generation.message.text == "Kept "
    assert len(history.stored_frames(generation)) == 3


async def test_a_heartbeat_keeps_an_answer_alive(survivor):
    broadcast = await under_way(survivor, "Slow")
    await silence(broadcast)
    await Keeper(survivor).checkpoint()
    assert await reap(survivor.relay) == 0
    assert (await stored(broadcast)).state == Generation.State.RUNNING


async def test_two_reapers_at_once_end_it_once(survivor):
    broadcast = await under_way(survivor, "Once")
    await silence(broadcast)
    second = await a_process()
    try:
        assert sum(await asyncio.gather(reap(survivor.relay), reap(second.relay))) == 1
    finally:
        await second.close()
