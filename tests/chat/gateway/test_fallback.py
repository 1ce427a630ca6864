"""Falling back: at once before the first word, seamlessly after it, never for the user's own error."""

import asyncio

import pytest

from chat.gateway import errors
from chat.gateway.counting import count_tokens
from chat.gateway.events import Finished, Queued, Reasoning, Retry, Started, Text, ToolCall, Usage
from chat.gateway.fallback import Fallback
from chat.gateway.routing import Health
from tests.chat.gateway.scripted import (
    DONE,
    HANG,
    Pause,
    Scripted,
    ask,
    catalogue,
    kinds,
    listen,
    model,
    text_of,
)

BROKEN = errors.UpstreamFailed("The provider failed to answer.")
ANSWER = (Text("Hello"), Text(" world"), DONE)


class Case:
    """Providers a, b, c … with one model each, in this order; each plays its scripts."""

    def __init__(self, *providers: Scripted, models=None, **options) -> None:
        letters = "abcdef"[: len(providers)]
        self.providers = dict(zip(letters, providers, strict=True))
        names = [f"{letter}/m" for letter in letters]
        given = models or [model(name) for name in names]
        pinned, *others = given
        first = model(
            pinned.name, context=pinned.context, capabilities=pinned.capabilities, price=pinned.price,
            fallback=tuple(other.name for other in others),
        )  # fmt: skip
        self.ring = Fallback(
            self.providers,
            catalogue(first, *others),
            lambda: Health({entry.provider for entry in given}),
            **{"dice": lambda: 0.5, **options},
        )

    async def events(self, **request) -> list:
        return await listen(self.ring.stream(ask(model="a/m", **request)))

    def asked(self) -> list[int]:
        return [len(provider.asked) for provider in self.providers.values()]


async def test_a_good_answer_is_announced_and_passed_on() -> None:
    events = await Case(Scripted(ANSWER)).events()
    assert events == [Started("a", "a/m", "simple", "You chose this model."), *ANSWER]


@pytest.mark.parametrize(
    "trouble",
    [
        errors.ConnectFailed,
        errors.FirstTokenTimeout,
        errors.Truncated,
        errors.GarbledStream,
        errors.UpstreamFailed,
        errors.UpstreamRateLimited,
        errors.UpstreamRejectedKey,
        errors.ModelMissing,
        errors.BreakerOpen,
        errors.Overloaded,
    ],
)
async def test_a_failure_before_the_first_word_switches_at_once(trouble: type[errors.GatewayError]) -> None:
    case = Case(Scripted([trouble("It broke.")]), Scripted(ANSWER))
    before = asyncio.get_running_loop().time()
    events = await case.events()
    assert asyncio.get_running_loop().time() - before < 0.05
    assert (kinds(events), text_of(events)) == ("SttF", "Hello world")
    assert events[0].provider == "b"
    assert "a/m: It broke." in events[0].reason


@pytest.mark.parametrize(
    "trouble",
    [errors.BadRequest, errors.ContentFiltered, errors.DeadlineExceeded],
)
async def test_what_another_provider_cannot_mend_is_not_tried_there(
    trouble: type[errors.GatewayError],
) -> None:
    case = Case(Scripted([trouble("No.")]), Scripted(ANSWER))
    with pytest.raises(trouble):
        await case.events()
    assert case.asked() == [1, 0]


async def test_too_long_a_context_goes_to_a_larger_window_only() -> None:
    models = [model("a/m", context=8_000), model("b/m", context=4_000), model("c/m", context=32_000)]
    too_long = errors.ContextTooLong("Too long.", prompt_tokens=9_000, window=8_000)
    case = Case(Scripted([too_long]), Scripted(ANSWER), Scripted(ANSWER), models=models)
    assert (await case.events())[0].provider == "c"
    alone = Case(Scripted([too_long]), Scripted(ANSWER), models=models[:2])
    with pytest.raises(errors.ContextTooLong):
        await alone.events()
    assert alone.asked() == [1, 0]


async def test_there_are_three_attempts_at_most() -> None:
    case = Case(*(Scripted([BROKEN]) for _ in range(5)))
    with pytest.raises(errors.UpstreamFailed):
        await case.events()
    assert case.asked() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("closed", [errors.BreakerOpen, errors.Overloaded])
async def test_an_open_breaker_and_a_full_line_are_no_attempts(closed: type[errors.GatewayError]) -> None:
    case = Case(*(Scripted([closed("Not now.")]) for _ in range(4)), Scripted(ANSWER))
    assert (await case.events())[0].provider == "e"


def test_the_only_provider_is_asked_again_after_a_pause_with_jitter(in_fake_time) -> None:
    async def play() -> None:
        case = Case(Scripted([BROKEN], [BROKEN], ANSWER))
        assert text_of(await case.events()) == "Hello world"
        assert asyncio.get_running_loop().time() == pytest.approx(0.5 + 1.0)

    in_fake_time(play())


def test_a_wish_to_wait_is_obeyed(in_fake_time) -> None:
    async def play() -> None:
        case = Case(Scripted([errors.UpstreamRateLimited("Slow down.", retry_after_s=7)], ANSWER))
        await case.events()
        assert asyncio.get_running_loop().time() == pytest.approx(7)

    in_fake_time(play())


def test_a_wish_to_wait_beyond_the_deadline_ends_the_request_at_once(in_fake_time) -> None:
    async def play() -> None:
        case = Case(Scripted([errors.UpstreamRateLimited("Slow down.", retry_after_s=90)], ANSWER))
        with pytest.raises(errors.UpstreamRateLimited) as refused:
            await case.events(deadline=60.0)
        assert refused.value.retry_after_s == 90
        assert asyncio.get_running_loop().time() == 0

    in_fake_time(play())


async def test_what_must_not_be_retried_is_not() -> None:
    case = Case(Scripted([errors.UpstreamRejectedKey("Key.")], ANSWER))
    with pytest.raises(errors.UpstreamRejectedKey):
        await case.events()
    assert case.asked() == [1]


def test_all_attempts_share_one_deadline(in_fake_time) -> None:
    async def play() -> None:
        case = Case(Scripted([Pause(50), BROKEN]), Scripted(ANSWER))
        await case.events()
        deadlines = {provider.asked[0].deadline for provider in case.providers.values()}
        assert deadlines == {120.0}

    in_fake_time(play())


async def test_after_text_the_answer_goes_on_where_it_stopped() -> None:
    second = Scripted(lambda request: [Text(" world"), DONE])
    case = Case(Scripted([Text("Hel"), Text("lo"), BROKEN]), second)
    events = await case.events()
    assert (kinds(events), text_of(events)) == ("Stt|tF", "Hello world")
    assert events[3] == Retry("a/m", "b/m", events[3].reason)
    assert "The provider failed to answer." in events[3].reason
    assert second.asked[0].prefill == "Hello"


async def test_it_goes_on_from_the_prefill_it_was_given_as_well() -> None:
    second = Scripted(ANSWER)
    await Case(Scripted([Text("b"), BROKEN]), second).events(prefill="a")
    assert second.asked[0].prefill == "ab"


async def test_after_text_who_can_prefill_is_asked_first() -> None:
    models = [model("a/m"), model("b/m", capabilities=frozenset({"chat"})), model("c/m")]
    case = Case(Scripted([Text("x"), BROKEN]), Scripted(ANSWER), Scripted(ANSWER), models=models)
    await case.events()
    assert case.asked() == [1, 0, 1]


async def test_who_cannot_prefill_may_repeat_and_it_does_not_show() -> None:
    models = [model("a/m"), model("b/m", capabilities=frozenset({"chat"}))]
    said = "The quick brown fox jumps"
    again = [Text("brown fox"), Text(" jumps over"), Text(" the dog"), DONE]
    case = Case(Scripted([Text(said), BROKEN]), Scripted(again), models=models)
    events = await case.events()
    assert text_of(events) == "The quick brown fox jumps over the dog"
    assert kinds(events) == "St|ttF"


async def test_repeated_words_alone_do_not_commit_to_a_candidate() -> None:
    plain = frozenset({"chat"})
    models = [model("a/m"), model("b/m", capabilities=plain), model("c/m", capabilities=plain)]
    repeats_and_dies = Scripted([Text("quick brown "), BROKEN])
    case = Case(
        Scripted([Text("The quick brown fox"), BROKEN]),
        repeats_and_dies,
        Scripted([Text(" jumps"), DONE]),
        models=models,
    )
    events = await case.events()
    assert text_of(events) == "The quick brown fox jumps"
    assert [(event.from_, event.to) for event in events if isinstance(event, Retry)] == [("a/m", "c/m")]


async def test_half_a_tool_call_is_not_taken_over() -> None:
    case = Case(Scripted([ToolCall(0, "1", "weather", '{"ci'), BROKEN]), Scripted(ANSWER))
    with pytest.raises(errors.UpstreamFailed):
        await case.events()
    assert case.asked() == [1, 0]


async def test_reasoning_alone_begins_again() -> None:
    second = Scripted([Reasoning("hm"), *ANSWER])
    events = await Case(Scripted([Reasoning("well"), BROKEN]), second).events()
    assert kinds(events) == "Sr|rttF"
    assert second.asked[0].prefill == ""


async def test_when_nobody_can_go_on_the_text_stays_and_the_error_is_typed() -> None:
    case = Case(
        Scripted([Text("Hel"), errors.IdleTimeout("Silent.")]), Scripted([BROKEN]), Scripted([BROKEN])
    )
    stream = case.ring.stream(ask(model="a/m"))
    assert text_of([await anext(stream), await anext(stream)]) == "Hel"
    with pytest.raises(errors.UpstreamFailed):
        await anext(stream)


async def test_the_bill_holds_what_the_broken_attempt_had_said() -> None:
    spoke = Text("five words make few tokens")
    case = Case(Scripted([spoke, BROKEN]), Scripted([Text("!"), DONE]))
    end = (await case.events())[-1]
    assert isinstance(end, Finished)
    assert end.usage.estimated
    assert end.usage.output_tokens == DONE.usage.output_tokens + count_tokens(spoke.text)
    assert end.usage.cost_microusd > DONE.usage.cost_microusd
    # Whoever asked pays for the words that they read; that the question was sent twice is the house's.
    assert end.usage.input_tokens == DONE.usage.input_tokens
    assert end.usage.extra_microusd > 0


async def test_an_attempt_that_said_nothing_is_not_on_the_bill() -> None:
    end = (await Case(Scripted([BROKEN]), Scripted([Text("x"), DONE])).events())[-1]
    assert end == DONE


async def test_an_empty_answer_is_an_answer() -> None:
    end = Finished("stop", Usage(1, 0))
    assert kinds(await Case(Scripted([end])).events()) == "SF"


async def test_a_place_in_the_queue_is_passed_on_and_commits_nothing() -> None:
    case = Case(Scripted([Queued(2), BROKEN]), Scripted(ANSWER))
    events = await case.events()
    assert events[0] == Queued(2)
    assert kinds(events[1:]) == "SttF"


async def test_leaving_closes_whoever_is_speaking() -> None:
    speaking = Scripted([Text("x"), HANG])
    stream = Case(speaking).ring.stream(ask(model="a/m"))
    await anext(stream)
    assert await anext(stream) == Text("x")
    await stream.aclose()
    assert speaking.closed == 1


def test_cancelling_a_waiting_request_asks_nobody_else(in_fake_time) -> None:
    async def play() -> None:
        silent, other = Scripted([HANG]), Scripted(ANSWER)
        case = Case(silent, other)
        task = asyncio.create_task(case.events())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (silent.cancelled, case.asked()) == (1, [1, 0])

    in_fake_time(play())
