"""Asking a second model when the first is late: rarely, never for worse, and one of the two is left alone."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chat.gateway import errors
from chat.gateway.catalogue import Price
from chat.gateway.events import Finished, Queued, Started, Text
from chat.gateway.fallback import Fallback
from chat.gateway.hedging import KNOWN, Hedging
from chat.gateway.recent import RecentTimes
from chat.gateway.routing import Health
from tests.chat.gateway.fake_time import FakeTimeLoop
from tests.chat.gateway.scripted import DONE, HANG, Pause, Scripted, ask, catalogue, listen, model, text_of

BROKEN = errors.UpstreamFailed("Broken.")
LATE = 1.0  # seconds: the p95 of what was measured


def script(*steps) -> Scripted:
    return Scripted([*steps, DONE])


class Case:
    """`a` is the cheapest, so that it is asked first; it has always spoken within a second."""

    def __init__(self, a: Scripted, b: Scripted, *, budget: bool = True, **differs) -> None:
        self.a, self.b = a, b
        models = [model("a/m"), model("b/m", **({"price": Price(2, 4)} | differs))]
        self.recent = RecentTimes()
        for _ in range(KNOWN):
            self.recent.note("a/m", LATE)
        self.ring = Fallback(
            {"a": a, "b": b},
            catalogue(*models),
            lambda: Health({"a", "b"}),
            dice=lambda: 0.5,
            hedging=Hedging(self.recent, share=1.0 if budget else 0.0),
        )

    async def events(self, **request) -> list:
        return await listen(self.ring.stream(ask(**request)))

    @property
    def asked(self) -> tuple[int, int]:
        return len(self.a.asked), len(self.b.asked)


def test_who_speaks_first_is_listened_to_and_the_other_is_closed(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(HANG), script(Pause(0.5), Text("b")))
        start, *rest = await case.events()
        assert (start.model, text_of(rest)) == ("b/m", "b")
        assert "a/m took longer than it usually does." in start.reason
        assert asyncio.get_running_loop().time() == pytest.approx(LATE + 0.5)
        assert (case.a.cancelled, case.a.closed) == (1, 1)

    in_fake_time(play())


def test_the_first_may_still_win(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(Pause(1.2), Text("a"), Pause(5)), script(HANG))
        start, *rest = await case.events()
        assert (start.model, start.reason.count("took longer"), text_of(rest)) == ("a/m", 0, "a")
        assert (case.b.cancelled, case.b.closed) == (1, 1)

    in_fake_time(play())


def test_what_the_slower_one_read_is_the_houses_and_not_on_the_bill(in_fake_time) -> None:
    async def play() -> None:
        hedged = Case(script(HANG), script(Pause(0.5), Text("b")))
        end = (await hedged.events())[-1]
        assert end.usage.extra_microusd > 0
        assert (end.usage.input_tokens, end.usage.cost_microusd) == (
            DONE.usage.input_tokens,
            DONE.usage.cost_microusd,
        )
        alone = Case(script(Text("a")), script(Text("b")))
        assert (await alone.events())[-1].usage.extra_microusd == 0

    in_fake_time(play())


def test_who_was_refused_has_cost_nobody_anything(in_fake_time) -> None:
    async def play() -> None:
        case = Case(Scripted([Pause(1.2), BROKEN]), script(Pause(1), Text("b")))
        assert (await case.events())[-1].usage.extra_microusd == 0

    in_fake_time(play())


def test_who_is_in_time_is_asked_alone(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(Pause(0.9), Text("a")), script(Text("b")))
        assert text_of(await case.events()) == "a"
        assert case.asked == (1, 0)

    in_fake_time(play())


@pytest.mark.parametrize(
    ("options", "request_"),
    [
        ({"budget": False}, {}),
        ({"price": Price(20, 60)}, {}),
        ({"tier": "complex"}, {}),
        ({}, {"model": "a/m"}),
        ({}, {"priority": "background"}),
        ({}, {"priority": "api"}),
    ],
    ids=["no budget", "too dear", "another tier", "a chosen model", "background", "api"],
)
def test_when_nobody_else_is_asked(in_fake_time, options, request_) -> None:
    async def play() -> None:
        case = Case(script(Pause(3), Text("a")), script(Text("b")), **options)
        assert text_of(await case.events(**request_)) == "a"
        assert case.asked == (1, 0)

    in_fake_time(play())


def test_without_experience_nobody_is_late(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(Pause(3), Text("a")), script(Text("b")))
        case.recent = case.ring._hedging._recent = RecentTimes()
        assert text_of(await case.events()) == "a"

    in_fake_time(play())


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        ([Pause(2), BROKEN], [Pause(5), Text("b"), DONE], "b"),
        ([Pause(5), Text("a"), DONE], [Pause(1), BROKEN], "a"),
        ([Pause(5), Text("a"), DONE], [Queued(1), Pause(1), Text("b"), DONE], "a"),
    ],
    ids=["the first fails", "the second fails", "the second has a line"],
)
def test_whoever_is_left_goes_on(in_fake_time, a, b, text) -> None:
    async def play() -> None:
        case = Case(Scripted(a), Scripted(b))
        assert text_of(await case.events()) == text
        assert (case.asked, case.a.closed, case.b.closed) == ((1, 1), 1, 1)

    in_fake_time(play())


def test_where_both_fail_the_attempts_are_counted_as_ever(in_fake_time) -> None:
    async def play() -> None:
        case = Case(Scripted([Pause(2), BROKEN]), Scripted([Pause(3), BROKEN]))
        with pytest.raises(errors.UpstreamFailed):
            await case.events()
        assert sum(case.asked) == 3

    in_fake_time(play())


def test_leaving_closes_both(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(HANG), script(HANG))
        task = asyncio.create_task(case.events())
        await asyncio.sleep(2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (case.a.cancelled, case.b.cancelled) == (1, 1)

    in_fake_time(play())


def test_the_loser_can_still_take_over(in_fake_time) -> None:
    async def play() -> None:
        a = Scripted([Pause(1.2), Text("Hel"), BROKEN])
        case = Case(a, Scripted([HANG], [Text("lo"), DONE]))
        assert text_of(await case.events()) == "Hello"

    in_fake_time(play())


def test_its_lateness_is_remembered(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(HANG), script(Text("b")))
        for _ in range(3):
            await case.events()
        assert case.recent.known("a/m") == KNOWN + 3
        assert case.recent.quantile("a/m", 0.0) == pytest.approx(LATE)

    in_fake_time(play())


def test_the_budget_holds(in_fake_time) -> None:
    async def play() -> None:
        case = Case(script(Pause(1.5), Text("a")), script(Text("b")))
        case.ring._hedging._share = 0.05
        for _ in range(200):
            await case.events()
        assert 5 <= len(case.b.asked) <= 10

    in_fake_time(play())


def test_hedges_are_counted(in_fake_time) -> None:
    def count() -> float:
        labels = {"from": "a/m", "to": "b/m", "won": "yes"}
        return REGISTRY.get_sample_value("grump_hedges_total", labels) or 0.0

    async def play() -> None:
        await Case(script(HANG), script(Text("b"))).events()

    before = count()
    in_fake_time(play())
    assert count() == before + 1


_steps = st.lists(
    st.one_of(st.just(Text("x")), st.builds(Pause, st.floats(0.01, 3)), st.just(BROKEN), st.just(Queued(1))),
    max_size=6,
)


@settings(max_examples=100)
@given(_steps, _steps, st.floats(0.1, 30))
def test_nothing_leaks_however_it_goes(a, b, stop: float) -> None:
    async def play() -> None:
        case = Case(Scripted([*a, DONE]), Scripted([*b, DONE]))
        task = asyncio.create_task(case.events())
        await asyncio.wait([task], timeout=stop)
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(outcome, list | errors.GatewayError | asyncio.CancelledError)
        if isinstance(outcome, list):
            assert sum(isinstance(event, Started) for event in outcome) == 1
            assert isinstance(outcome[-1], Finished)
        assert (case.a.closed, case.b.closed) == case.asked
        assert asyncio.all_tasks() == {asyncio.current_task()}

    loop = FakeTimeLoop()
    try:
        loop.run_until_complete(play())
    finally:
        loop.close()
