"""Admission: a limit that holds, a line that is fair, and no place that is ever lost."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chat.gateway import errors
from chat.gateway.admitted import Admitted
from chat.gateway.catalogue import Provider
from chat.gateway.events import Queued, Text
from chat.gateway.gate import LEAST_OF_A_PARTY, LEAST_WAITING, Gate
from chat.gateway.line import PRIORITIES
from chat.gateway.request import ChatRequest
from tests.chat.gateway.fake_time import FakeTimeLoop
from tests.chat.gateway.scripted import DONE, Pause, Scripted, ask, listen

ANSWER = (Pause(1), Text("a"), DONE)
BROKEN = errors.UpstreamFailed("Broken.")


class Case:
    def __init__(self, limit: int, *scripts) -> None:
        self.inner = Scripted(*scripts or [ANSWER])
        self.gate = Gate(limit)
        self.ring = Admitted(self.inner, Provider("admitted", "openai", ""), self.gate)

    def start(self, **request) -> "asyncio.Task[list]":
        return asyncio.create_task(listen(self.ring.stream(ask(model="admitted/m", **request))))


def waiting_now() -> float:
    labels = {"provider": "admitted", "model": "admitted/m"}
    return REGISTRY.get_sample_value("grump_num_requests_waiting", labels) or 0.0


async def test_where_there_is_a_place_nothing_is_added() -> None:
    case = Case(1, [Text("a"), DONE])
    assert await case.start() == [Text("a"), DONE]
    assert (case.gate.inside, case.gate.waiting) == (0, 0)


def test_the_others_wait_and_hear_their_position(in_fake_time) -> None:
    async def play() -> None:
        case = Case(1)
        tasks = [case.start() for _ in range(3)]
        await asyncio.sleep(0.5)
        assert (case.gate.inside, waiting_now()) == (1, 2)
        first, second, third = await asyncio.gather(*tasks)
        assert [Queued not in map(type, first), second[0], third[:2]] == [
            True, Queued(1), [Queued(2), Queued(1)],
        ]  # fmt: skip
        assert asyncio.get_running_loop().time() == pytest.approx(3)
        assert waiting_now() == 0

    in_fake_time(play())


def test_urgent_ones_overtake_and_parties_take_turns(in_fake_time) -> None:
    async def play() -> None:
        case = Case(1)
        tasks = [case.start(party="first")]
        await asyncio.sleep(0)
        for priority, party in [
            ("background", "z"),
            ("api", "a"),
            ("api", "a"),
            ("api", "b"),
            ("interactive", "c"),
        ]:
            tasks.append(case.start(priority=priority, party=party))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert [request.party for request in case.inner.asked] == ["first", "c", "a", "b", "a", "z"]

    in_fake_time(play())


def test_background_work_leaves_a_place_for_who_types(in_fake_time) -> None:
    async def play() -> None:
        case = Case(4)
        background = [case.start(priority="background") for _ in range(6)]
        await asyncio.sleep(0.5)
        assert case.gate.inside == 3
        assert Queued(1) not in await case.start()
        await asyncio.gather(*background)

    in_fake_time(play())


def test_a_full_line_refuses_and_says_when_to_come_again(in_fake_time) -> None:
    async def play() -> None:
        case = Case(1, (Pause(10), Text("a"), DONE))
        await case.start()  # how long a stay is is known now
        inside = [case.start(party=str(number)) for number in range(1 + LEAST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(errors.Overloaded) as refused:
            await case.start(party="late")
        assert refused.value.retry_after_s == 60
        await asyncio.gather(*inside)

    in_fake_time(play())


def test_one_party_cannot_fill_the_line(in_fake_time) -> None:
    async def play() -> None:
        case = Case(1)
        greedy = [case.start(party="greedy") for _ in range(1 + LEAST_OF_A_PARTY)]
        await asyncio.sleep(0)
        with pytest.raises(errors.Overloaded):
            await case.start(party="greedy")
        assert Text("a") in await case.start(party="modest")
        await asyncio.gather(*greedy)

    in_fake_time(play())


def test_nobody_waits_beyond_the_deadline(in_fake_time) -> None:
    async def play() -> None:
        case = Case(1, (Pause(100), DONE))
        inside = case.start()
        with pytest.raises(errors.Overloaded):
            await case.start(deadline=7.0)
        assert asyncio.get_running_loop().time() == pytest.approx(7)
        await inside
        assert (case.gate.inside, case.gate.waiting, waiting_now()) == (0, 0, 0)

    in_fake_time(play())


async def test_a_place_that_is_given_to_somebody_leaving_is_passed_on() -> None:
    case = Case(1, [Text("a"), DONE])
    holder = case.ring.stream(ask(model="admitted/m"))
    await anext(holder)
    leaving, staying = case.start(), case.start()
    await asyncio.sleep(0)
    await holder.aclose()  # the place is `leaving`'s now …
    leaving.cancel()  # … who goes before it knows
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert Text("a") in await staying
    assert (case.gate.inside, case.gate.waiting) == (0, 0)


_requests = st.lists(
    st.tuples(
        st.floats(0, 10),  # when it comes
        st.sampled_from(PRIORITIES),
        st.sampled_from("abc"),
        st.floats(0.01, 5),  # how long it is inside
        st.sampled_from(["answers", "breaks", "is cancelled"]),
        st.floats(0, 12),  # and when
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(st.integers(1, 5), _requests)
def test_the_limit_holds_no_place_is_lost_and_nobody_starves(limit: int, requests) -> None:
    class Counting:
        inside = most = 0

        async def stream(self, request: ChatRequest):
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await asyncio.sleep(request.extra["stay"])
                if request.extra["breaks"]:
                    raise BROKEN
                yield Text("a")
                yield DONE
            finally:
                self.inside -= 1

    async def play() -> None:
        loop = asyncio.get_running_loop()
        inner, gate = Counting(), Gate(limit)
        ring = Admitted(inner, Provider("admitted", "openai", ""), gate)

        async def one(at: float, priority, party: str, stay: float, end: str, leaves: float) -> None:
            await asyncio.sleep(at)
            extra = {"stay": stay, "breaks": end == "breaks"}
            request = ask(model="admitted/m", priority=priority, party=party, extra=extra)
            task = asyncio.create_task(listen(ring.stream(request)))
            if end == "is cancelled":
                await asyncio.wait([task], timeout=leaves)
                task.cancel()
            [outcome] = await asyncio.gather(task, return_exceptions=True)
            expected = {"answers": list, "breaks": errors.UpstreamFailed, "is cancelled": object}[end]
            assert isinstance(outcome, (expected, errors.Overloaded))

        await asyncio.gather(*(one(*request) for request in requests))
        assert inner.most <= limit
        assert (inner.inside, gate.inside, gate.waiting, waiting_now()) == (0, 0, 0, 0)
        assert loop.time() <= 10 + 12 + sum(request[3] for request in requests)

    loop = FakeTimeLoop()
    try:
        loop.run_until_complete(play())
    finally:
        loop.close()
