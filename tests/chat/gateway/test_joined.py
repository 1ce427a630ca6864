"""Joining: one stream upstream, everybody hears all of it, nobody is in anybody's way."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chat.gateway import errors
from chat.gateway.events import Finished, Queued, Reasoning, Started, Text, Usage
from chat.gateway.joined import Joined
from chat.gateway.request import ChatMessage
from chat.gateway.shared import BLOCK, LEAD
from tests.chat.gateway.fake_time import FakeTimeLoop
from tests.chat.gateway.scripted import DONE, HANG, Pause, Scripted, ask, kinds, listen, text_of

START = Started("a", "a/m", "simple", "why")
SLOWLY = [START, *[step for letter in "abcdef" for step in (Text(letter), Pause(1))], DONE]
MINE = ask("hello", model="a/m", party="me")


def joined_now() -> float:
    return REGISTRY.get_sample_value("grump_requests_joined") or 0.0


def start(ring: Joined, request=MINE) -> "asyncio.Task[list]":
    return asyncio.create_task(listen(ring.stream(request)))


def test_a_latecomer_hears_all_so_far_and_then_the_rest(in_fake_time) -> None:
    async def play() -> None:
        inner = Scripted(SLOWLY)
        ring = Joined(inner)
        first = start(ring)
        await asyncio.sleep(2.5)
        second = start(ring)
        await asyncio.sleep(0)
        assert joined_now() == 1
        first, second = await first, await second
        assert (len(inner.asked), inner.closed, joined_now()) == (1, 1, 0)
        assert first == [START, *map(Text, "abcdef"), DONE]
        assert second[:3] == [replace(START, cached="joined"), Text("abc"), Text("d")]
        assert text_of(second) == "abcdef"

    in_fake_time(play())


def test_the_bill_goes_to_one_alone(in_fake_time) -> None:
    async def play() -> None:
        ring = Joined(Scripted(SLOWLY))
        tasks = [start(ring) for _ in range(3)]
        ends = [(await task)[-1] for task in tasks]
        assert [end.usage for end in ends] == [DONE.usage, Usage(), Usage()]

    in_fake_time(play())


def test_who_stays_longest_pays_when_the_first_has_left(in_fake_time) -> None:
    async def play() -> None:
        inner = Scripted(SLOWLY)
        ring = Joined(inner)
        first, second = start(ring), start(ring)
        await asyncio.sleep(1.5)
        first.cancel()
        events = await second
        assert (text_of(events), events[-1], inner.cancelled) == ("abcdef", DONE, 0)

    in_fake_time(play())


@pytest.mark.parametrize(
    "other",
    [
        replace(MINE, party="you"),
        replace(MINE, model="b/m"),
        replace(MINE, messages=(ChatMessage("user", "hello!"),)),
        replace(MINE, messages=(ChatMessage("user", "hello", {"name": "x"}),)),
        replace(MINE, temperature=0.1),
        replace(MINE, max_output=5),
        replace(MINE, prefill="x"),
        replace(MINE, priority="background"),
        replace(MINE, extra={"top_p": 0.5}),
        replace(MINE, fresh=True),
        replace(MINE, deadline=100.0),
    ],
)
def test_what_is_not_the_same_is_asked_by_itself(in_fake_time, other) -> None:
    async def play() -> None:
        inner = Scripted(SLOWLY)
        ring = Joined(inner)
        await asyncio.gather(start(ring), start(ring, other))
        assert len(inner.asked) == 2

    in_fake_time(play())


def test_who_is_unknown_joins_nobody(in_fake_time) -> None:
    async def play() -> None:
        inner = Scripted(SLOWLY)
        ring = Joined(inner)
        await asyncio.gather(*(start(ring, replace(MINE, party="")) for _ in range(2)))
        assert len(inner.asked) == 2

    in_fake_time(play())


async def test_what_has_ended_is_asked_anew() -> None:
    inner = Scripted([START, Text("a"), DONE])
    ring = Joined(inner)
    for _ in range(2):
        assert (await start(ring))[0] == START
    assert len(inner.asked) == 2


def test_the_last_to_leave_closes_upstream_and_nobody_joins_what_closes(in_fake_time) -> None:
    async def play() -> None:
        inner = Scripted([START, Text("a"), HANG], SLOWLY)
        ring = Joined(inner)
        tasks = [start(ring) for _ in range(3)]
        await asyncio.sleep(1)
        for task in tasks:
            assert inner.closed == 0
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (inner.closed, inner.cancelled) == (1, 1)
        assert text_of(await start(ring)) == "abcdef"

    in_fake_time(play())


async def test_closing_returns_when_upstream_is_closed() -> None:
    inner = Scripted([START, Text("a"), HANG])
    stream = Joined(inner).stream(MINE)
    await anext(stream)
    await stream.aclose()
    assert inner.closed == 1


async def test_an_error_reaches_everybody() -> None:
    ring = Joined(Scripted([START, Text("a"), errors.UpstreamFailed("Broken.", retry_after_s=3)]))
    outcomes = await asyncio.gather(start(ring), start(ring), return_exceptions=True)
    assert [type(error) for error in outcomes] == [errors.UpstreamFailed] * 2
    assert [error.retry_after_s for error in outcomes] == [3, 3]
    assert outcomes[0] is not outcomes[1]


async def test_a_fault_of_ours_reaches_everybody_as_it_is() -> None:
    class Peculiar(Exception):
        def __init__(self, *, needed: int) -> None:
            super().__init__("peculiar")

    ring = Joined(Scripted([START, Peculiar(needed=1)]))
    outcomes = await asyncio.gather(start(ring), start(ring), return_exceptions=True)
    assert [type(error) for error in outcomes] == [Peculiar] * 2


def test_a_slow_listener_delays_nobody(in_fake_time) -> None:
    async def play() -> None:
        ring = Joined(Scripted(SLOWLY))
        slow = ring.stream(MINE)
        await anext(slow)  # and reads no further
        fast = await start(ring)
        assert text_of(fast) == "abcdef"
        assert asyncio.get_running_loop().time() == pytest.approx(6)
        assert text_of(await listen(slow)) == "abcdef"

    in_fake_time(play())


async def test_upstream_is_not_read_far_ahead_of_everybody() -> None:
    said = []

    def script(request):
        yield START
        for number in range(10 * LEAD):
            said.append(number)
            yield Text("x")
        yield DONE

    stream = Joined(Scripted(script)).stream(MINE)
    await anext(stream)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(said) < 3 * LEAD
    assert len(text_of(await listen(stream))) == 10 * LEAD


def test_only_the_latest_place_in_the_line_is_told_late(in_fake_time) -> None:
    async def play() -> None:
        ring = Joined(Scripted([Queued(2), Pause(1), Queued(1), Pause(1), START, Pause(1), Text("a"), DONE]))
        tasks = [start(ring)]
        for _ in range(2):
            await asyncio.sleep(1.2)
            tasks.append(start(ring))
        assert [[*map(type, await task)].count(Queued) for task in tasks] == [2, 1, 0]

    in_fake_time(play())


_steps = st.lists(
    st.one_of(
        st.builds(Text, st.text(min_size=1, max_size=3)),
        st.builds(Reasoning, st.text(min_size=1, max_size=3)),
        st.builds(Pause, st.floats(0.01, 3)),
    ),
    max_size=3 * BLOCK,
)
_listeners = st.lists(
    st.tuples(st.floats(0, 20), st.floats(0, 0.5), st.floats(0.1, 200)), min_size=1, max_size=6
)


@settings(max_examples=60)
@given(_steps, _listeners)
def test_everybody_who_stays_hears_the_same_whole_answer(script, listeners) -> None:
    async def play() -> None:
        inner = Scripted([START, *script, DONE])
        ring = Joined(inner)

        async def one(comes: float, slow: float, stays: float) -> None:
            await asyncio.sleep(comes)
            heard = []
            try:
                async with asyncio.timeout(stays):
                    stream = ring.stream(MINE)
                    async for event in stream:
                        heard.append(event)
                        await asyncio.sleep(slow)
            except TimeoutError:
                await stream.aclose()
            else:
                for kind in (Text, Reasoning):
                    expected = "".join(step.text for step in script if isinstance(step, kind))
                    assert "".join(event.text for event in heard if isinstance(event, kind)) == expected
                assert isinstance(heard[-1], Finished)
                assert kinds(heard).count("S") == 1

        await asyncio.gather(*(one(*listener) for listener in listeners))
        assert inner.closed == len(inner.asked)
        assert joined_now() == 0

    loop = FakeTimeLoop()
    try:
        loop.run_until_complete(play())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
