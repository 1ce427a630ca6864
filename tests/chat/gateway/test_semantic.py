"""A question that means what an earlier one meant: from before only where being wrong is improbable."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chat.gateway.answers import MemoryStore
from chat.gateway.cached import Cached
from chat.gateway.catalogue import Model, Price
from chat.gateway.embedding import Embedded
from chat.gateway.errors import ConnectFailed
from chat.gateway.events import Finished, Started, Text, Usage
from chat.gateway.request import ChatMessage
from chat.gateway.resemblance import Resemblance
from chat.gateway.resemblance import load as load_resemblance
from chat.gateway.semantic import Semantic
from tests.chat.gateway.scripted import DONE, Scripted, ask, listen, text_of

START = Started("a", "a/m", "simple", "why")
TRUSTING = Resemblance((1.0,) + (0.0,) * 11, 0.0, {0.02: 0.5})  # whatever no guard forbids


class Meanings:
    """Vectors by hand: texts with the same first letter mean the same."""

    model = Model("e/m", "e", "m", 512, 512, Price(), "simple", frozenset({"embeddings"}))

    def __init__(self) -> None:
        self.delay = 0.0
        self.fails = False
        self.asked = 0

    async def embed(self, texts: Sequence[str]) -> Embedded:
        self.asked += 1
        await asyncio.sleep(self.delay)
        if self.fails:
            raise ConnectFailed("gone")
        vectors = [
            [float(letter == text[0].lower()) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts
        ]
        return Embedded(vectors, Usage())


class House:
    def __init__(self, resemblance: Resemblance = TRUSTING, **options) -> None:
        self.inner = Scripted([START, Text("An answer."), DONE])
        self.store = MemoryStore()
        self.meanings = Meanings()
        shared = options.get("shared", False)
        self.semantic = Semantic(self.inner, self.store, self.meanings, resemblance, **options)  # type: ignore[arg-type]
        self.ring = Cached(self.semantic, self.store, shared=shared)

    async def ask(self, text: str, **differs) -> list:
        request = replace(ask(text, model="a/m", party="me"), **differs)
        events = await listen(self.ring.stream(request))
        await self.ring.settled()
        await self.semantic.settled()
        return events


async def test_the_same_in_other_words_is_answered_from_before_for_nothing() -> None:
    house = House()
    await house.ask("how do I sort a list")
    second = await house.ask("How can I sort a list?")
    assert second[0] == Started(
        "a", "a/m", "simple", "A question that means the same was answered before.", cached="semantic"
    )
    assert (text_of(second), second[-1]) == ("An answer.", Finished("stop", Usage()))
    assert len(house.inner.asked) == 1


async def test_the_same_words_are_the_exact_caches_affair() -> None:
    house = House()
    await house.ask("how do I sort a list")
    assert (await house.ask("how do I sort a list"))[0].cached == "exact"
    assert house.meanings.asked == 1


async def test_an_answer_from_here_is_not_kept_as_the_answer_to_the_new_words() -> None:
    house = House()
    await house.ask("how do I sort a list")
    kept = dict(house.store.kept)
    await house.ask("How can I sort a list?")
    assert house.store.kept == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("convert 10 miles please", "convert 12 miles please"),
        ("how do I enable logging", "how do I disable logging"),
        ("should I use tabs here", "should I not use tabs here"),
        ("translate hello from French to English", "translate hello from English to French"),
        ("explain list.sort in short", "explain list.sorted_by in short"),
        ("who was the mayor of Paris", "who was the mayor of London"),
        ("when did the war end", "why did the war end"),
    ],
)
async def test_what_a_guard_objects_to_is_asked(one, other) -> None:
    house = House()
    await house.ask(one)
    assert (await house.ask(other))[0].cached is None


@pytest.mark.parametrize(
    "text",
    [
        "how do I cook my dinner",
        "how is the weather today",
        "how so",
        "how " + "very " * 80 + "long",
    ],
)
async def test_what_is_personal_volatile_or_of_the_wrong_length_has_no_vector_made(text) -> None:
    house = House()
    await house.ask(text)
    assert house.meanings.asked == 0


async def test_later_turns_are_asked() -> None:
    house = House()
    history = (ChatMessage("user", "Hi"), ChatMessage("assistant", "Hello."))
    for text in ("how do I sort a list", "how can I sort a list"):
        assert (await house.ask("", messages=(*history, ChatMessage("user", text))))[0].cached is None
    assert house.meanings.asked == 0


@pytest.mark.parametrize(
    "differs",
    [
        {"party": "you"},
        {"model": "b/m"},
        {"temperature": 0.1},
        {"messages": (ChatMessage("system", "Be short."), ChatMessage("user", "How can I sort a list?"))},
    ],
)
async def test_partitions_do_not_meet(differs) -> None:
    house = House()
    await house.ask("how do I sort a list")
    assert (await house.ask("How can I sort a list?", **differs))[0].cached is None


async def test_two_languages_do_not_meet() -> None:
    house = House()
    await house.ask("was ist ein Mutex und wie geht das")
    assert (await house.ask("what is a Mutex and how does it work"))[0].cached is None


async def test_only_a_setting_lets_one_party_have_anothers_answer() -> None:
    house = House(shared=True)
    await house.ask("how do I sort a list")
    assert (await house.ask("How can I sort a list?", party="you"))[0].cached == "semantic"


async def test_a_score_below_the_threshold_is_a_miss() -> None:
    house = House(replace(TRUSTING, thresholds={0.02: 0.9}))
    await house.ask("how do I sort a list")
    assert (await house.ask("How can I sort a list?"))[0].cached is None


async def test_a_bound_that_calibration_never_showed_serves_nothing() -> None:
    house = House(error=0.001)
    await house.ask("how do I sort a list")
    assert (await house.ask("How can I sort a list?"))[0].cached is None


async def test_vectors_that_fail_delay_and_break_nothing() -> None:
    house = House()
    house.meanings.fails = True
    assert text_of(await house.ask("how do I sort a list")) == "An answer."


def test_slow_vectors_are_waited_for_no_longer_than_the_budget(in_fake_time) -> None:
    async def play() -> None:
        house = House(budget=0.025)
        await house.ask("how do I sort a list")
        house.meanings.delay = 5.0
        request = ask("How can I sort a list?", model="a/m", party="me")
        begun = in_fake_time.loop.time()
        stream = house.ring.stream(request)
        first = await anext(stream)
        assert first.cached is None
        assert in_fake_time.loop.time() - begun == pytest.approx(0.025)
        await stream.aclose()
        await house.semantic.settled()

    in_fake_time(play())


async def test_a_late_vector_is_still_good_for_the_next_question() -> None:
    house = House(budget=0.0)
    await house.ask("how do I sort a list")
    house.semantic._budget = 1.0
    assert (await house.ask("How can I sort a list?"))[0].cached == "semantic"


async def test_asking_again_goes_round_and_raises_the_bar() -> None:
    house = House()
    await house.ask("how do I sort a list")
    before = house.semantic._feedback.threshold
    assert (await house.ask("How can I sort a list?"))[0].cached == "semantic"
    again = await house.ask("How can I sort a list?", fresh=True, model="b/m")
    assert again[0].cached is None
    assert house.semantic._feedback.threshold > before


async def test_another_process_and_the_next_start_know_what_was_kept() -> None:
    one, other = House(), House()
    other.store.kept = one.store.kept
    await one.ask("how do I sort a list")
    assert (await other.ask("How can I sort a list?"))[0].cached == "semantic"


def test_the_shipped_calibration_knows_its_bounds() -> None:
    shipped = load_resemblance()
    assert shipped.threshold(0.02) < shipped.threshold(0.01) <= 2
    assert shipped.threshold(0.0) > 1
    same = shipped.score("How do I boil an egg?", "How can I boil an egg?", 0.98)
    assert same > shipped.score("How do I boil an egg?", "How do I peel a potato?", 0.6)
