"""What was asked before is answered from before: to whom, of what, how fast, and never what."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.answers import MemoryStore, cacheable, key_of, unpacked
from chat.gateway.cached import Cached
from chat.gateway.errors import Truncated
from chat.gateway.events import Finished, Reasoning, Started, Text, Usage
from chat.gateway.joined import Joined
from chat.gateway.request import ChatMessage
from tests.chat.gateway.scripted import DONE, Pause, Scripted, ask, listen, text_of

START = Started("a", "a/m", "simple", "why")
MINE = ask("What is a monad?", model="a/m", party="me")


def answering(text: str = "A burrito.") -> Scripted:
    return Scripted([START, Reasoning("hm"), Text(text), DONE])


async def asked(ring: Cached, request=MINE) -> list:
    events = await listen(ring.stream(request))
    await ring.settled()
    return events


async def test_the_second_time_nobody_is_asked_and_it_costs_nothing() -> None:
    inner = answering()
    ring = Cached(inner, MemoryStore())
    await asked(ring)
    second = await asked(ring)
    assert len(inner.asked) == 1
    assert second[0] == Started(
        "a", "a/m", "simple", "The same question was answered before.", cached="exact"
    )
    assert (second[1], text_of(second), second[-1]) == (
        Reasoning("hm"),
        "A burrito.",
        Finished("stop", Usage()),
    )


async def test_spaces_and_unicode_forms_do_not_make_another_question() -> None:
    inner = answering()
    ring = Cached(inner, MemoryStore())
    await asked(ring, replace(MINE, messages=(ChatMessage("user", "Was heißt Café?"),)))
    again = await asked(ring, replace(MINE, messages=(ChatMessage("user", " Was heißt Cafe\u0301? \r\n"),)))
    assert again[0].cached == "exact"


@pytest.mark.parametrize(
    "other",
    [
        replace(MINE, party="you"),
        replace(MINE, model="b/m"),
        replace(MINE, max_output=7),
        replace(MINE, temperature=0.1),
        replace(MINE, extra={"seed": 3}),
        replace(MINE, messages=(ChatMessage("user", "what is a monad?"),)),
        replace(MINE, messages=(ChatMessage("system", "Be short."), *MINE.messages)),
    ],
)
async def test_whatever_shapes_the_answer_makes_another_question(other) -> None:
    inner = answering()
    ring = Cached(inner, MemoryStore())
    await asked(ring)
    await asked(ring, other)
    assert len(inner.asked) == 2


async def test_only_a_setting_lets_one_party_have_anothers_answer() -> None:
    inner = answering()
    ring = Cached(inner, MemoryStore(), shared=True)
    await asked(ring)
    assert (await asked(ring, replace(MINE, party="you")))[0].cached == "exact"


@pytest.mark.parametrize(
    "request_",
    [
        replace(MINE, prefill="A"),
        replace(MINE, party=""),
        replace(MINE, personal=True),
        replace(MINE, temperature=0.9),
        replace(MINE, extra={"tools": []}),
        replace(MINE, messages=(ChatMessage("user", "look", {"content": []}),)),
        ask("What is the weather today?", party="me"),
        ask("Give me a random number", party="me"),
    ],
)
async def test_what_may_not_be_kept_is_asked_each_time(request_) -> None:
    inner, store = answering(), MemoryStore()
    ring = Cached(inner, store)
    await asked(ring, request_)
    await asked(ring, request_)
    assert (len(inner.asked), store.kept) == (2, {})


@pytest.mark.parametrize(
    "script",
    [
        [START, Text("A bur"), Finished("length", Usage())],
        [START, Text("A bur"), Finished("content_filter", Usage())],
        [START, Finished("stop", Usage())],
        [replace(START, cached="joined"), Text("x"), DONE],
    ],
)
async def test_only_a_complete_answer_of_a_provider_is_kept(script) -> None:
    store = MemoryStore()
    await asked(Cached(Scripted(script), store))
    assert store.kept == {}


async def test_an_answer_that_broke_off_is_not_kept() -> None:
    store = MemoryStore()
    with pytest.raises(Truncated):
        await asked(Cached(Scripted([START, Text("A bur"), Truncated("gone")]), store))
    assert store.kept == {}


async def test_asking_again_goes_round_the_cache_and_the_new_answer_is_the_one_kept() -> None:
    inner = Scripted([START, Text("first"), DONE], [START, Text("second"), DONE])
    ring = Cached(inner, MemoryStore())
    await asked(ring)
    assert text_of(await asked(ring, replace(MINE, fresh=True))) == "second"
    assert text_of(await asked(ring)) == "second"


def test_a_replay_begins_at_once_flows_and_is_whole_within_a_second(in_fake_time) -> None:
    async def play() -> None:
        ring = Cached(answering("word " * 4_000), MemoryStore())
        await asked(ring)
        begun = in_fake_time.loop.time()
        times, pieces = [], []
        async for event in ring.stream(MINE):
            if isinstance(event, Text):
                times.append(in_fake_time.loop.time() - begun)
                pieces.append(event.text)
        assert times[0] == 0
        assert len(pieces) > 10
        assert 0.5 < times[-1] <= 1.0
        assert "".join(pieces) == "word " * 4_000

    in_fake_time(play())


def test_a_program_has_its_answer_at_once(in_fake_time) -> None:
    async def play() -> None:
        ring = Cached(answering("word " * 4_000), MemoryStore())
        request = replace(MINE, priority="api")
        await asked(ring, request)
        begun = in_fake_time.loop.time()
        assert len(await asked(ring, request)) == 4  # with the reasoning
        assert in_fake_time.loop.time() == begun

    in_fake_time(play())


def test_who_asks_at_the_same_time_shares_and_one_answer_is_kept(in_fake_time) -> None:
    class Counting(MemoryStore):
        sets = 0

        async def set(self, *args, **kwargs) -> None:
            self.sets += 1
            await super().set(*args, **kwargs)

    async def play() -> None:
        store = Counting()
        inner = Scripted([START, Text("a"), Pause(1), Text("b"), DONE])
        ring = Cached(Joined(inner), store)
        both = await asyncio.gather(asked(ring), asked(ring))
        assert [text_of(events) for events in both] == ["ab", "ab"]
        assert (len(inner.asked), store.sets) == (1, 1)

    in_fake_time(play())


@given(st.text(), st.text())
def test_two_texts_share_a_key_only_where_nobody_could_tell_them_apart(one, other) -> None:
    keys = [key_of(ask(text, party="me"), False) for text in (one, other)]
    stripped = ["".join(text.split()) for text in (one, other)]
    assert keys[0] != keys[1] or _composed(stripped[0]) == _composed(stripped[1])


def _composed(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


@given(st.none() | st.text() | st.dictionaries(st.sampled_from(["question", "text", "model"]), st.integers()))
def test_what_is_not_an_answer_is_a_miss(value) -> None:
    assert unpacked(value) is None


def test_a_question_of_nobody_is_not_cacheable() -> None:
    assert not cacheable(replace(MINE, messages=()), shared=True)
