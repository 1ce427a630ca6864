"""Joining over processes: one asks, all hear all of it, and nothing is shown twice when the one is gone."""

import asyncio
import json
import time
from dataclasses import replace

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chat.gateway.elsewhere import CLAIM, LEAD, Elsewhere
from chat.gateway.errors import Truncated, UpstreamFailed
from chat.gateway.events import Finished, Queued, Reasoning, Retry, Started, Text, ToolCall, Usage
from chat.gateway.joined import Joined
from chat.gateway.spelling import read, spell
from tests.chat.gateway.scripted import DONE, ask, text_of
from tests.waiting import until

START = Started("a", "a/m", "simple", "why")
MINE = ask("hello", model="a/m", party="me")
NOBODY = "redis://127.0.0.1:1/0"


class Told:
    """An inner ring that says what it is told to say, when it is told to."""

    def __init__(self) -> None:
        self.asked = []
        self.said: asyncio.Queue = asyncio.Queue()
        self.closed = 0

    async def stream(self, request):
        self.asked.append(request)
        try:
            while True:
                event = await self.said.get()
                if isinstance(event, Exception):
                    raise event
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            self.closed += 1

    def say(self, *events) -> None:
        for event in events:
            self.said.put_nowait(event)


class Process:
    def __init__(self, url: str, **options) -> None:
        self.inner = Told()
        self.elsewhere = Elsewhere(url)
        self.ring = Joined(self.inner, self.elsewhere, **options)
        self.heard: list = []

    def ask(self, request=MINE) -> "asyncio.Task[list]":
        async def hear() -> list:
            async for event in self.ring.stream(request):
                self.heard.append(event)
            return self.heard

        return asyncio.create_task(hear())


@pytest.fixture
async def processes(valkey):
    started: list[Process] = []

    async def start(url: str = settings.REDIS_URL, **options) -> Process:
        process = Process(url, **options)
        process.elsewhere.start()
        started.append(process)
        if url == settings.REDIS_URL:
            await process.elsewhere.leader("its first question")
            process.elsewhere.ended("its first question")
            await until(lambda: valkey.pubsub_numsub(f"joined:calls:{process.elsewhere._me}")[0][1])
            await until(lambda: all(one.elsewhere.alone == (len(started) == 1) for one in started))
        return process

    yield start
    for process in started:
        await process.elsewhere.close()


async def both(processes, **options) -> tuple[Process, Process, asyncio.Task, asyncio.Task]:
    """One leads and has said "abc", the other has heard it."""
    one, other = await processes(**options), await processes(**options)
    first = one.ask()
    one.inner.say(START, Text("a"), Text("bc"))
    await until(lambda: text_of(one.heard) == "abc")
    second = other.ask()
    await until(lambda: text_of(other.heard) == "abc")
    return one, other, first, second


def joined_now() -> float:
    return REGISTRY.get_sample_value("grump_requests_joined") or 0.0


async def test_a_latecomer_in_another_process_hears_all_so_far_and_then_the_rest(processes) -> None:
    one, other, first, second = await both(processes)
    assert joined_now() == 1
    one.inner.say(Text("d"), DONE)
    assert (await first)[-1] == DONE
    heard = await second
    assert heard[0] == replace(START, cached="joined")
    assert text_of(heard) == "abcd"
    assert heard[-1] == Finished("stop", Usage())  # the bill goes to one alone
    assert (len(one.inner.asked), len(other.inner.asked), joined_now()) == (1, 0, 0)


async def test_an_answer_lives_on_while_somebody_elsewhere_listens(processes) -> None:
    one, other, first, second = await both(processes)
    first.cancel()
    one.inner.say(Text("d"), DONE)
    assert text_of(await second) == "abcd"
    assert other.inner.asked == []


async def test_when_nobody_listens_any_more_upstream_is_closed(processes) -> None:
    one, _, first, second = await both(processes)
    first.cancel()
    second.cancel()
    await until(lambda: one.inner.closed)


async def test_when_the_leader_dies_the_follower_asks_and_nothing_is_shown_twice(processes) -> None:
    one, other, first, second = await both(processes)
    await one.elsewhere.close()  # its copy ends in the middle, as when the process dies
    await until(lambda: other.inner.asked)
    assert other.inner.asked[0].prefill == "abc"
    other.inner.say(replace(START, model="b/m"), Text("d"), DONE)
    heard = await second
    assert text_of(heard) == "abcd"
    assert [event for event in heard if isinstance(event, Retry)] == [
        Retry("a/m", "b/m", "The answer was interrupted and goes on. why")
    ]
    first.cancel()


async def test_when_the_leader_fails_the_follower_asks_for_itself(processes) -> None:
    one, other, first, second = await both(processes)
    one.inner.say(UpstreamFailed("Broken."))
    other.inner.say(START, Text("d"), DONE)
    assert text_of(await second) == "abcd"
    with pytest.raises(UpstreamFailed):
        await first


async def test_half_a_tool_call_is_not_taken_over(processes) -> None:
    one, other, first, second = await both(processes)
    one.inner.say(ToolCall(0, "1", "f", "{"))
    await until(lambda: any(isinstance(event, ToolCall) for event in other.heard))
    await one.elsewhere.close()
    with pytest.raises(Truncated):
        await second
    first.cancel()


async def test_what_has_ended_is_asked_anew(processes, valkey) -> None:
    one, other, first, second = await both(processes)
    one.inner.say(DONE)
    await asyncio.gather(first, second)
    await until(lambda: not valkey.keys(LEAD + "*"))
    again = other.ask()
    other.inner.say(START, Text("new"), DONE)
    await again
    assert len(other.inner.asked) == 1


async def test_two_parties_are_joined_only_where_that_is_allowed(processes) -> None:
    stranger = replace(MINE, party="you")
    for widely in (False, True):
        one, other = await processes(widely=widely), await processes(widely=widely)
        first = one.ask(replace(MINE, model=f"{widely}"))
        one.inner.say(START, Text("a"))
        await until(lambda: one.heard)  # noqa: B023
        second = other.ask(replace(stranger, model=f"{widely}"))
        if widely:
            await until(lambda: other.heard)  # noqa: B023
        else:
            await until(lambda: other.inner.asked)  # noqa: B023
        assert (other.inner.asked == []) is widely
        for process in (one, other):
            process.inner.say(START, DONE)
        await asyncio.gather(first, second)


async def test_who_is_alone_asks_nobody_until_somebody_comes(processes, valkey) -> None:
    one = await processes()
    first = one.ask()
    one.inner.say(START, Text("a"))
    await until(lambda: text_of(one.heard) == "a")
    assert not list(valkey.scan_iter(LEAD + "*"))
    other = await processes()
    await until(lambda: list(valkey.scan_iter(LEAD + "*")))
    second = other.ask()
    await until(lambda: text_of(other.heard) == "a")
    one.inner.say(Text("b"), DONE)
    await first
    assert text_of(await second) == "ab"
    assert other.inner.asked == []
    await until(lambda: not list(valkey.scan_iter(LEAD + "*")))


async def test_who_is_left_alone_notices(processes, valkey, monkeypatch) -> None:
    monkeypatch.setattr("chat.gateway.elsewhere.RENEWED", 0.05)
    one, other = await processes(), await processes()
    assert not one.elsewhere.alone
    await other.elsewhere.close()
    await until(lambda: one.elsewhere.alone)


async def test_who_would_not_hear_others_begin_is_not_alone(processes, valkey) -> None:
    one = await processes()
    valkey.client_kill_filter(_type="pubsub")
    await until(lambda: not one.elsewhere.alone)
    await until(lambda: one.elsewhere.alone)  # it listens again


async def test_without_valkey_each_process_asks(processes) -> None:
    process = await processes(NOBODY)
    task = process.ask()
    process.inner.say(START, Text("a"), DONE)
    assert text_of(await task) == "a"


async def test_a_hanging_valkey_is_waited_for_once_and_shortly(processes) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    elsewhere = Elsewhere(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    elsewhere._quiet_until = 0.0
    begun = time.monotonic()
    assert await elsewhere.leader("a") is None
    assert CLAIM / 2 < time.monotonic() - begun < 10 * CLAIM
    begun = time.monotonic()
    for _ in range(100):
        assert await elsewhere.leader("a") is None
    assert time.monotonic() - begun < CLAIM
    await elsewhere.close()
    server.close()


TEXTS = st.text(min_size=1)
EVENTS = st.one_of(
    st.builds(Text, TEXTS),
    st.builds(Reasoning, TEXTS),
    st.builds(Queued, st.integers(1, 99)),
    st.builds(Started, TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from([None, "joined"])),
    st.builds(Retry, TEXTS, TEXTS, TEXTS),
    st.builds(ToolCall, st.integers(0, 9), TEXTS, TEXTS, TEXTS),
    st.builds(Finished, st.sampled_from(["stop", "length"]), st.builds(Usage, *[st.integers(0)] * 5)),
)


@given(st.lists(EVENTS))
def test_events_are_read_as_they_were_spelled(events) -> None:
    assert list(read(json.dumps([spell(event) for event in events]))) == events
