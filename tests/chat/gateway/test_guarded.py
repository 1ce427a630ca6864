"""Clocks and breakers around a provider."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway import errors
from chat.gateway.breakers import Breakers
from chat.gateway.catalogue import Provider, Timeouts
from chat.gateway.clocks import KNOWN, LEAST
from chat.gateway.events import Text
from chat.gateway.guarded import Guarded
from chat.gateway.recent import RecentTimes
from grump.lib.breaker import LocalStore, Policy
from tests.chat.gateway.fake_time import FakeTimeLoop
from tests.chat.gateway.scripted import DONE, HANG, Pause, Scripted, ask, listen

TIMEOUTS = Timeouts(first_token=10, idle=4, total=60)
FAILS = errors.UpstreamFailed("Broken.")


class Case:
    def __init__(self, *scripts) -> None:
        self.inner = Scripted(*scripts)
        self.recent = RecentTimes()
        self.loop = asyncio.get_running_loop()
        self.breakers = Breakers(LocalStore(self.loop.time))
        provider = Provider("p", "openai", "http://127.0.0.1:1", timeouts=TIMEOUTS)
        self.ring = Guarded(self.inner, provider, self.breakers, self.recent)

    async def events(self, model: str = "p/m", **request) -> list:
        return await listen(self.ring.stream(ask(model=model, **request)))

    async def fails(self, times: int, model: str = "p/m") -> None:
        for _ in range(times):
            with pytest.raises(errors.GatewayError):
                await self.events(model)


def test_an_answer_in_time_passes(in_fake_time) -> None:
    async def play() -> None:
        script = [Pause(9), Text("a"), Pause(3.9), Text("b"), Pause(3.9), DONE]
        case = Case(script)
        assert await case.events() == [Text("a"), Text("b"), DONE]
        assert case.recent.quantile("p/m", 0.5) == pytest.approx(9)

    in_fake_time(play())


def test_a_model_that_always_spoke_at_once_is_not_waited_for_as_long(in_fake_time) -> None:
    async def play() -> None:
        case = Case(*[[Text("a"), DONE]] * KNOWN, [HANG])
        for _ in range(KNOWN):
            await case.events()
        for waited in (LEAST, 2 * LEAST):  # the second time with more patience
            before = case.loop.time()
            with pytest.raises(errors.FirstTokenTimeout):
                await case.events()
            assert case.loop.time() - before == pytest.approx(waited, rel=0.01)

    in_fake_time(play())


@pytest.mark.parametrize(
    ("script", "error", "after"),
    [
        ([HANG], errors.FirstTokenTimeout, 10),
        ([Pause(9), Text("a"), HANG], errors.IdleTimeout, 13),
        ([*[Text("a"), Pause(3)] * 30, DONE], errors.IdleTimeout, 60),
        ([Text("a")], errors.Truncated, 0),
        ([], errors.Truncated, 0),
    ],
)
def test_each_silence_has_its_own_error(in_fake_time, script, error, after) -> None:
    async def play() -> None:
        case = Case(script)
        with pytest.raises(error):
            await case.events()
        assert case.loop.time() == pytest.approx(after)
        assert case.inner.closed == 1

    in_fake_time(play())


def test_the_turns_own_deadline_ends_everything(in_fake_time) -> None:
    async def play() -> None:
        for script in ([HANG], [*[Text("a"), Pause(3)] * 30, DONE]):
            case = Case(script)
            start = case.loop.time()
            with pytest.raises(errors.DeadlineExceeded):
                await case.events(deadline=start + 7.0)
            assert case.loop.time() - start == pytest.approx(7)

    in_fake_time(play())


def test_a_slow_reader_is_not_a_silent_provider(in_fake_time) -> None:
    async def play() -> None:
        case = Case([Text("a"), Text("b"), DONE])
        seen = []
        async for event in case.ring.stream(ask(model="p/m")):
            seen.append(event)
            await asyncio.sleep(15)
        assert seen == [Text("a"), Text("b"), DONE]

    in_fake_time(play())


def test_a_slow_reader_does_not_outlive_the_deadline(in_fake_time) -> None:
    async def play() -> None:
        case = Case([Text("a")] * 20 + [DONE])
        stream = case.ring.stream(ask(model="p/m", deadline=20.0))
        for _ in range(4):
            assert await anext(stream) == Text("a")
            await asyncio.sleep(6)
        with pytest.raises(errors.DeadlineExceeded):
            await anext(stream)

    in_fake_time(play())


def test_cancellation_from_outside_stays_one_and_speaks_against_nobody(in_fake_time) -> None:
    async def play() -> None:
        case = Case([HANG])
        for _ in range(20):
            task = asyncio.create_task(case.events())
            await asyncio.sleep(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert list(case.breakers.resting()) == []
        assert case.inner.cancelled == 20

    in_fake_time(play())


def test_a_failing_model_rests_and_its_neighbour_works_on(in_fake_time) -> None:
    async def play() -> None:
        case = Case(lambda request: [FAILS] if request.model == "p/bad" else [Text("a"), DONE])
        await case.fails(Policy().consecutive, "p/bad")
        assert list(case.breakers.resting()) == ["p/bad"]
        asked = len(case.inner.asked)
        with pytest.raises(errors.BreakerOpen) as refused:
            await case.events("p/bad")
        assert refused.value.retry_after_s == pytest.approx(Policy().pause)
        assert len(case.inner.asked) == asked
        assert await case.events("p/good") == [Text("a"), DONE]

    in_fake_time(play())


def test_a_host_that_is_away_rests_with_all_its_models(in_fake_time) -> None:
    async def play() -> None:
        case = Case([errors.ConnectFailed("Refused.")])
        await case.fails(Policy().consecutive)
        with pytest.raises(errors.BreakerOpen):
            await case.events("p/other")

    in_fake_time(play())


def test_after_its_rest_one_success_lets_everybody_in_again(in_fake_time) -> None:
    async def play() -> None:
        bad = [[FAILS]] * Policy().consecutive
        case = Case(*bad, [Pause(1), Text("a"), DONE])
        await case.fails(Policy().consecutive)
        await asyncio.sleep(Policy().pause)
        many = await asyncio.gather(*(case.events() for _ in range(20)), return_exceptions=True)
        assert sum(isinstance(one, errors.BreakerOpen) for one in many) == 19
        assert list(case.breakers.resting()) == []
        assert len(await case.events()) == 2

    in_fake_time(play())


@pytest.mark.parametrize(
    "error", [errors.UpstreamRateLimited("x"), errors.BadRequest("x"), errors.ContextTooLong("x")]
)
def test_a_refusal_is_no_sickness(in_fake_time, error) -> None:
    async def play() -> None:
        case = Case([error])
        await case.fails(30)
        assert list(case.breakers.resting()) == []

    in_fake_time(play())


_steps = st.lists(
    st.one_of(st.just(Text("x")), st.builds(Pause, st.floats(0.01, 20)), st.just(FAILS)), max_size=12
)


@given(_steps, st.floats(0.1, 30), st.floats(0.1, 40))
def test_no_stream_outlives_its_deadline_and_none_leaks(script, deadline: float, stop: float) -> None:
    async def play() -> None:
        case = Case([*script, DONE])
        task = asyncio.create_task(case.events(deadline=deadline))
        await asyncio.wait([task], timeout=stop)
        stopped = not task.done()
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        assert case.loop.time() <= min(deadline, stop) + 1e-6
        assert isinstance(outcome, asyncio.CancelledError) == stopped
        assert isinstance(outcome, list | errors.GatewayError | asyncio.CancelledError)
        assert case.inner.closed == len(case.inner.asked)

    loop = FakeTimeLoop()
    try:
        loop.run_until_complete(play())
    finally:
        loop.close()


def test_a_model_that_has_become_far_slower_rests_though_it_answers(in_fake_time) -> None:
    async def play() -> None:
        quick, slow = [Pause(0.3), Text("a"), DONE], [Pause(1.7), Text("a"), DONE]
        case = Case(*[quick] * KNOWN, *[slow] * KNOWN)
        for _ in range(KNOWN):
            await case.events()
        while "p/m" not in case.breakers.resting():
            await case.events()
        assert len(case.inner.asked) <= 2 * KNOWN
        assert "p" not in case.breakers.resting()

    in_fake_time(play())
