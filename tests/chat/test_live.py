"""Frames reach every follower once, in order, in this process and in others, and survive an absent Valkey."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio
from django.conf import settings

from chat import protocol
from chat.live import Broadcast, Live
from chat.outbox import CLOSE_REVOKED
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("valkey")

ANN = 1


class Tab:
    """An outbox that keeps what it is given, and lets a test wait for it."""

    def __init__(self) -> None:
        self.frames: list[dict] = []
        self.code: int | None = None
        self._stirred = asyncio.Condition()

    def put(self, frame: str) -> None:
        self.frames.append(orjson.loads(frame))

    def finish(self, code: int) -> None:
        self.code = code

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames if "seq" in frame]

    @property
    def text(self) -> str:
        return "".join(frame.get("text", "") for frame in self.frames)


@pytest_asyncio.fixture
async def two_processes() -> AsyncIterator[tuple[Live, Live]]:
    lives = [Live(settings.REDIS_URL, f"p{uuid.uuid4().hex}") for _ in range(2)]
    for live in lives:
        live.start()
    yield lives[0], lives[1]
    for live in lives:
        await live.close()


def begin(live: Live) -> Broadcast:
    broadcast = live.begin(uuid.uuid4(), ANN)
    broadcast.say(protocol.Start, provider="p", model="m", tier="simple", reason="because", cached=None)
    return broadcast


def speak(broadcast: Broadcast, *texts: str) -> None:
    for text in texts:
        broadcast.say(protocol.Delta, text=text)


def end(broadcast: Broadcast) -> None:
    broadcast.say(protocol.Done, message_id=uuid.uuid4(), finish_reason="stop", usage={}, timing={})


async def test_every_tab_of_the_user_hears_the_answer_and_nobody_else(two_processes):
    here, _ = two_processes
    mine, mine_too, strangers = Tab(), Tab(), Tab()
    here.join(ANN, mine)
    here.join(ANN, mine_too)
    here.join(2, strangers)
    broadcast = begin(here)
    speak(broadcast, "Hel", "lo")
    end(broadcast)
    assert mine.seqs == mine_too.seqs == [1, 2, 3, 4]
    assert mine.text == broadcast.text == "Hello"
    assert strangers.frames == []


async def test_a_tab_that_comes_later_hears_what_it_missed_and_then_the_rest(two_processes):
    here, _ = two_processes
    broadcast = begin(here)
    speak(broadcast, "one ", "two ")
    late = Tab()
    assert here.follow_here(broadcast.id, late, 2)
    speak(broadcast, "three")
    end(broadcast)
    assert late.seqs == [3, 4, 5]


async def test_a_tab_that_saw_more_than_was_ever_said_here_hears_it_all_anew(two_processes):
    here, _ = two_processes
    broadcast = begin(here)
    late = Tab()
    here.follow_here(broadcast.id, late, 99)
    assert late.seqs == [1]


async def test_another_process_hears_everything_through_valkey(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    speak(broadcast, "one ", "two ")
    tab = Tab()
    there.follow_elsewhere(broadcast.id, tab, 0)
    await until(lambda: tab.seqs == [1, 2, 3])
    speak(broadcast, "three ", "four")
    end(broadcast)
    await until(lambda: len(tab.seqs) == 6)
    assert tab.seqs == [1, 2, 3, 4, 5, 6]
    assert tab.text == "one two three four"
    assert there.remotes == {}  # the end was heard, nothing is followed any more


async def test_late_comers_in_another_process_do_not_disturb_those_who_heard_it_already(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    speak(broadcast, *"abcdef")
    first, second = Tab(), Tab()
    there.follow_elsewhere(broadcast.id, first, 0)
    await until(lambda: len(first.seqs) == 7)
    there.follow_elsewhere(broadcast.id, second, 4)
    speak(broadcast, *"ghi")
    end(broadcast)
    await until(lambda: len(first.seqs) == 11 and len(second.seqs) == 7)
    assert first.seqs == list(range(1, 12))
    assert second.seqs == list(range(5, 12))


async def test_a_tab_that_asks_again_in_another_process_hears_it_again(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    speak(broadcast, *"abc")
    tab = Tab()
    there.follow_elsewhere(broadcast.id, tab, 0)
    await until(lambda: tab.seqs == [1, 2, 3, 4])
    there.follow_elsewhere(broadcast.id, tab, 2)
    end(broadcast)
    await until(lambda: len(tab.seqs) == 7)
    assert tab.seqs == [1, 2, 3, 4, 3, 4, 5]


@pytest.mark.parametrize("seen", [4, 5, 99])
async def test_a_tab_that_saw_what_died_with_its_process_hears_the_kept_answer_anew(two_processes, seen):
    here, there = two_processes
    broadcast = begin(here)
    speak(broadcast, *"ab")
    tab = Tab()
    there.follow_elsewhere(broadcast.id, tab, seen)
    end(broadcast)  # the fourth frame, a number the tab has had
    await until(lambda: len(tab.seqs) == 4)
    assert tab.seqs == [1, 2, 3, 4]
    await until(lambda: there.remotes == {})


@pytest.mark.parametrize("seen", [4, 99])
async def test_it_hears_it_anew_from_storage_too(two_processes, seen):
    here, there = two_processes
    broadcast = begin(here)
    tab = Tab()
    speak(broadcast, *"ab")
    there.follow_elsewhere(broadcast.id, tab, seen)
    end(broadcast)
    there.hear_from_storage(broadcast.id, broadcast.frames)
    assert tab.seqs == [1, 2, 3, 4]


async def test_a_wake_up_call_does_not_disturb_who_already_follows(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    tab = Tab()
    there.join(ANN, tab)
    await until(lambda: ANN in there.ear.joined)
    there.follow_elsewhere(broadcast.id, tab, 0)
    news = protocol.ConversationUpdated(conversation_id=uuid.uuid4(), title="News")
    here.tell_user(ANN, news, broadcast.id)
    await until(lambda: len(tab.frames) >= 2)
    end(broadcast)
    await until(lambda: there.remotes == {})
    assert tab.seqs == [1, 2]


async def test_another_process_can_stop_a_generation(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    broadcast.task = asyncio.create_task(asyncio.Event().wait())
    await there.relay.ask_to_stop(here.process, broadcast.id)
    await until(lambda: broadcast.task.done())
    assert broadcast.stopped
    assert broadcast.task.cancelled()


async def test_a_revocation_closes_the_users_sockets_in_every_process(two_processes):
    from grump.accounts.revocation import close_sockets

    tabs = [Tab(), Tab()]
    other = Tab()
    for live, tab in zip(two_processes, tabs, strict=True):
        live.join(ANN, tab)
        live.join(2, other)
        await until(lambda live=live: live.ear.joined >= {ANN, 2})
    await asyncio.to_thread(close_sockets, ANN)
    await until(lambda: all(tab.code == CLOSE_REVOKED for tab in tabs))
    assert other.code is None


async def test_what_was_said_can_be_read_back_by_whoever_cleans_up(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    speak(broadcast, *"some text")
    await until(lambda: here.relay.written(broadcast.id) == len(broadcast.frames))
    assert await there.relay.recorded(broadcast.id) == broadcast.frames


async def test_nothing_is_lost_when_valkey_comes_back_empty(two_processes, valkey):
    here, there = two_processes
    broadcast = begin(here)
    tab = Tab()
    there.follow_elsewhere(broadcast.id, tab, 0)
    speak(broadcast, *"abc")
    await until(lambda: len(tab.seqs) == 4)
    # Every connection breaks and all that was held is gone: what a restart looks like to clients.
    valkey.flushall()
    valkey.client_kill_filter(_type="normal", skipme=True)
    speak(broadcast, *"def")
    await until(lambda: len(tab.seqs) == 7, 20)
    end(broadcast)
    await until(lambda: len(tab.seqs) == 8)
    assert tab.seqs == list(range(1, 9))
    assert tab.text == "abcdef"


async def test_an_end_that_valkey_never_told_is_heard_from_storage(two_processes):
    here, there = two_processes
    broadcast = begin(here)
    tab = Tab()
    there.follow_elsewhere(broadcast.id, tab, 0)
    await until(lambda: tab.seqs == [1])
    end(broadcast)
    there.hear_from_storage(broadcast.id, broadcast.frames)
    assert tab.seqs == [1, 2]


async def test_a_closed_socket_follows_nothing_any_more(two_processes):
    here, there = two_processes
    tab = Tab()
    there.join(ANN, tab)
    broadcast = begin(here)
    there.follow_elsewhere(broadcast.id, tab, 0)
    there.leave(ANN, tab)
    assert there.remotes == {}
    assert there.sockets == {}


async def test_an_answer_cannot_be_extended_after_its_end(two_processes):
    here, _ = two_processes
    broadcast = begin(here)
    end(broadcast)
    with pytest.raises(RuntimeError):
        speak(broadcast, "more")
