"""What an answer has said is stored while it is written: all of it, each part once."""

import uuid

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

from chat import checkpoints, conversations, exporting, history, opening, protocol, shapes
from chat.keeper import Keeper
from chat.live import Broadcast, Live
from chat.models import Checkpoint, Conversation, Generation, Message
from grump.accounts.models import User
from grump.lib import rows
from grump.lib.database import in_database
from tests.chat.sockets import a_user

pytestmark = pytest.mark.usefixtures("database", "valkey")


@pytest_asyncio.fixture
async def live():
    live = Live(settings.REDIS_URL, f"p{uuid.uuid4().hex}")
    yield live
    await live.close()


@pytest_asyncio.fixture
async def ann() -> User:
    return await a_user()


async def under_way(live: Live, user: User) -> Broadcast:
    send = protocol.Send(client_message_id=uuid.uuid4().hex, text="Hello")
    opened = await in_database(opening.open_question, user.pk, send, live.process)
    broadcast = live.begin(opened.generation_id, user.pk)
    broadcast.say(protocol.Start, provider="p", model="m", tier="simple", reason="r", cached=None)
    return broadcast


async def stored(broadcast: Broadcast) -> Generation:
    return await in_database(history.generation_of, broadcast.user_id, broadcast.id)


async def end(broadcast: Broadcast) -> bool:
    complete = Generation.State.COMPLETE
    return await in_database(
        history.end_generation, broadcast.id, complete, broadcast.text, journal=broadcast.journal
    )


async def test_the_parts_together_are_the_answer_so_far(live, ann):
    broadcast, keeper = await under_way(live, ann), Keeper(live)
    for thought, text in (("Let me ", "A"), ("see. ", " bee 🐝"), ("", ""), ("Ah", " flew.")):
        if text:
            broadcast.say(protocol.Delta, reasoning=thought)
            broadcast.say(protocol.Retry, from_="a", to="b", reason="slow")
            broadcast.say(protocol.Delta, text=text)
        await keeper.checkpoint()
    generation = await stored(broadcast)
    assert generation.message.text == "A bee 🐝 flew."
    assert generation.reasoning == "Let me see. Ah"
    assert history.stored_frames(generation) == broadcast.frames
    # A round in which nothing was said left nothing.
    assert await Checkpoint.objects.acount() == 3


@pytest.fixture
def written(monkeypatch) -> list[int]:
    """The size of each statement that any thread sends to the database, with its values."""
    sizes: list[int] = []
    real = CursorWrapper._execute

    def measuring(self, sql, params, *rest):
        sizes.append(len(sql) + len(str(params)))
        return real(self, sql, params, *rest)

    monkeypatch.setattr(CursorWrapper, "_execute", measuring)
    monkeypatch.setattr(rows, "_may_be_asked_straight", lambda database: False)
    return sizes


async def test_an_answer_twice_as_long_takes_no_more_at_its_end_than_at_its_beginning(live, ann, written):
    broadcast, keeper = await under_way(live, ann), Keeper(live)
    rounds = []
    for number in range(12):
        for piece in range(100):
            broadcast.say(protocol.Delta, text=f"{piece:7} piece")
        written.clear()
        await keeper.checkpoint()
        if number:  # the first has the start as well
            rounds.append(sum(written))
    assert max(rounds) - min(rounds) < 20  # a number has more digits


async def test_many_answers_take_as_many_statements_as_one(live, written):
    keeper, counts = Keeper(live), []
    for _ in range(3):
        await under_way(live, await a_user())
        for one in live.broadcasts.values():
            one.say(protocol.Delta, text="more")
        written.clear()
        await keeper.checkpoint()
        counts.append(len(written))
    assert len(set(counts)) == 1


async def test_what_the_database_did_not_take_is_in_the_next_one(live, ann, monkeypatch):
    broadcast, keeper = await under_way(live, ann), Keeper(live)
    broadcast.say(protocol.Delta, text="One ")
    with monkeypatch.context() as broken:
        broken.setattr(checkpoints, "store", lambda *_: raises())
        with pytest.raises(DatabaseError):
            await keeper.checkpoint()
    broadcast.say(protocol.Delta, text="two")
    await keeper.checkpoint()
    assert (await stored(broadcast)).message.text == "One two"


def raises() -> None:
    raise DatabaseError("away")


async def test_a_commit_that_nobody_heard_of_is_not_there_twice(live, ann, monkeypatch):
    broadcast, keeper = await under_way(live, ann), Keeper(live)
    broadcast.say(protocol.Delta, text="One ")
    real = checkpoints.store
    with monkeypatch.context() as broken:
        broken.setattr(checkpoints, "store", lambda *given: (real(*given), raises()))
        with pytest.raises(DatabaseError):
            await keeper.checkpoint()
    assert (await stored(broadcast)).message.text == "One "
    broadcast.say(protocol.Delta, text="two")
    await keeper.checkpoint()
    generation = await stored(broadcast)
    assert generation.message.text == "One two"
    assert history.stored_frames(generation) == broadcast.frames


async def test_the_end_takes_the_parts_with_it_and_none_comes_after(live, ann):
    broadcast, keeper = await under_way(live, ann), Keeper(live)
    broadcast.say(protocol.Delta, text="All of it")
    await keeper.checkpoint()
    assert broadcast.in_parts
    assert await end(broadcast)
    broadcast.say(protocol.Delta, text=" and more")
    await keeper.checkpoint()
    assert not await Checkpoint.objects.aexists()
    assert (await stored(broadcast)).message.text == "All of it"


async def test_a_page_and_an_export_show_what_was_said_so_far(live, ann):
    broadcast = await under_way(live, ann)
    broadcast.say(protocol.Delta, reasoning="Hm.")
    broadcast.say(protocol.Delta, text="So far")
    await Keeper(live).checkpoint()
    conversation = await Conversation.objects.aget()
    shown = (await sync_to_async(shapes.opened)(conversation))["messages"][-1]
    assert (shown["text"], shown["generation"]["reasoning"]) == ("So far", "Hm.")
    exported = exporting.as_json(*await in_database(conversations.every_message, ann.pk, conversation.id))
    assert (exported["messages"][-1]["text"], exported["messages"][-1]["reasoning"]) == ("So far", "Hm.")
    # As long as it runs the message's own row is as it was.
    assert (await Message.objects.aget(id=shown["id"])).text == ""
