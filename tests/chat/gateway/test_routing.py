"""Who is asked, in which order, and why."""

from collections import Counter
from random import Random

import pytest

from chat.gateway.catalogue import Price
from chat.gateway.errors import ContextTooLong, ModelNotAllowed, ProviderUnavailable, UnknownModel
from chat.gateway.loading import load
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.routing import Health, blended_price, candidates
from tests.chat.gateway.scripted import ask, catalogue, model

CHEAP = model("a/cheap", price=Price(0.1, 0.1))
DEAR = model("b/dear", price=Price(5, 5))
BETTER = model("b/better", price=Price(0.2, 0.2), tier="standard")
BEST = model("c/best", price=Price(0.01, 0.01), tier="complex")
LOCAL = model("local/small", price=Price(), context=2048)
EVERYTHING = catalogue(DEAR, BEST, LOCAL, BETTER, CHEAP)
ALL = Health(configured=EVERYTHING.providers)
DEMANDING = (
    "Implement a thread-safe LRU cache in C++17 with a time to live for each entry, template it over key and "
    "value, explain its locking, and write unit tests:\n```cpp\nstd::unordered_map<K, V>\n```\n"
    "1. get and put must be O(1)\n2. eviction must not block readers\n3. prove that no deadlock is possible"
)

# Written for this test, and none of them among those that the estimator was trained with.
EVERYDAY = [
    *[
        "hi there",
        "thanks, bye",
        "what's the weather usually like in Oslo in June?",
        "who painted the Mona Lisa?",
    ],
    *["how do you spell 'definitely'?", "translate 'I am hungry' into Dutch", "name three kinds of cheese"],
    *["what's 15 times 12?", "write a short thank-you note to my aunt", "how many grams are in an ounce?"],
    *["what does 'procrastinate' mean?", "give me an idea for dinner tonight", "is coffee bad for you?"],
    *["what should I pack for a weekend at the sea?", "correct this: she have two dog", "tell me a riddle"],
    *["what is a noun?", "how tall is the Eiffel Tower?", "rhyme with moon", "when is Easter next year?"],
]


def names(request: ChatRequest, health: Health = ALL, of=EVERYTHING, dice=lambda: 0.0) -> list[str]:
    return [candidate.model.name for candidate in candidates(request, of, health, dice)]


def test_an_easy_question_goes_from_cheap_to_dear_and_tier_by_tier_with_this_machine_last() -> None:
    assert names(ask()) == ["a/cheap", "b/dear", "b/better", "c/best", "local/small"]


def test_a_demanding_task_begins_at_the_top_and_then_comes_down() -> None:
    assert names(ask(DEMANDING)) == ["c/best", "b/better", "a/cheap", "b/dear", "local/small"]


def test_a_wish_for_better_or_cheaper_moves_it() -> None:
    assert names(ask(preference=1.0))[0] == "c/best"
    assert names(ask(DEMANDING, preference=0.0))[0] == "a/cheap"


def test_of_two_at_one_price_the_quicker_one_is_first() -> None:
    twin = model("z/twin", price=CHEAP.price)
    both = catalogue(CHEAP, twin)
    health = Health(both.providers, first_token_s={"a/cheap": 0.9, "z/twin": 0.2}.get)
    for dice in (0.0, 0.99):
        assert names(ask(), health, both, lambda at=dice: at) == ["z/twin", "a/cheap"]


def test_a_cheaper_one_is_not_passed_over_for_being_slow() -> None:
    health = Health(EVERYTHING.providers, first_token_s={"a/cheap": 9.0, "b/dear": 0.1}.get)
    assert names(ask(), health)[0] == "a/cheap"


def test_of_many_at_one_price_not_all_are_sent_to_the_quickest() -> None:
    """Two are drawn and the quicker of them is asked: the slowest alone is never first."""
    crowd = [model(f"p{number}/m", price=CHEAP.price) for number in range(5)]
    of = catalogue(*crowd)
    times = {f"p{number}/m": 0.1 + number for number in range(5)}
    health = Health(of.providers, first_token_s=times.get)
    rolls = Random(7).random
    first = Counter(names(ask(), health, of, rolls)[0] for _ in range(400))
    assert first["p0/m"] > first["p1/m"] > first["p2/m"] > first["p3/m"] > 0
    assert not first["p4/m"]


def test_who_was_never_asked_is_tried_before_who_is_known_to_be_slow() -> None:
    twin = model("z/twin", price=CHEAP.price)
    both = catalogue(CHEAP, twin)
    health = Health(both.providers, first_token_s={"a/cheap": 0.9}.get)
    assert names(ask(), health, both)[0] == "z/twin"


def test_who_is_not_configured_is_never_asked() -> None:
    assert names(ask(), Health(configured={"b"})) == ["b/dear", "b/better"]


def test_who_rests_is_left_out_provider_or_model() -> None:
    assert names(ask(), Health(EVERYTHING.providers, resting=["b", "a/cheap"])) == ["c/best", "local/small"]


def test_if_all_rest_they_are_asked_all_the_same() -> None:
    """Their breakers answer then, and say when to come back."""
    assert len(names(ask(), Health(EVERYTHING.providers, resting=EVERYTHING.providers))) == 5


def test_a_pinned_model_comes_first_then_its_own_list() -> None:
    pinned = model("a/cheap", fallback=("c/best", "b/dear"))
    assert names(ask(model="a/cheap"), ALL, catalogue(pinned, DEAR, BEST, BETTER)) == [
        "a/cheap",
        "c/best",
        "b/dear",
    ]


def test_without_a_list_its_tier_by_price_then_the_tier_above() -> None:
    assert names(ask(model="b/dear")) == ["b/dear", "local/small", "a/cheap", "b/better"]
    assert names(ask(model="b/better")) == ["b/better", "c/best"]


def test_an_empty_list_means_nobody_else() -> None:
    alone = model("a/cheap", fallback=())
    assert names(ask(model="a/cheap"), ALL, catalogue(alone, DEAR)) == ["a/cheap"]


def test_an_unknown_model_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownModel):
        names(ask(model="a/none"))


def test_with_nobody_configured_it_says_so() -> None:
    with pytest.raises(ProviderUnavailable):
        names(ask(), Health(configured=()))


def test_a_picture_needs_eyes_and_a_tool_needs_hands() -> None:
    eyes = model("a/eyes", capabilities=frozenset({"chat", "vision"}))
    hands = model("b/hands", capabilities=frozenset({"chat", "tools"}))
    both = catalogue(eyes, hands)
    picture = ChatMessage("user", "", {"content": [{"type": "image_url", "image_url": {"url": "data:,"}}]})
    assert names(ChatRequest((picture,)), ALL, both) == ["a/eyes"]
    assert names(ask(extra={"tools": [{"type": "function"}]}), ALL, both) == ["b/hands"]


def test_a_model_that_does_not_chat_is_no_candidate() -> None:
    embeds = model("a/embeds", capabilities=frozenset({"embeddings"}))
    assert names(ask(), ALL, catalogue(embeds, DEAR)) == ["b/dear"]


def test_a_window_that_is_surely_too_small_is_left_out() -> None:
    assert "local/small" not in names(ask("word " * 5_000))


def test_who_has_the_room_goes_before_who_may_not_have_it() -> None:
    """Beyond a window a table may know of a dearer price, not of a refusal."""
    roomy = model("z/roomy", price=Price(9, 9), context=100_000)
    of = catalogue(CHEAP, roomy)
    long = ask("word " * 8_000, preference=0.0)  # some 10,000 tokens, and 8,192 are CHEAP's
    assert names(long, Health(of.providers), of) == ["z/roomy", "a/cheap"]


def test_what_fits_nowhere_is_too_long() -> None:
    with pytest.raises(ContextTooLong) as refused:
        names(ask("x" * 200_000))
    assert refused.value.window == 8192


def test_every_candidate_says_why_in_words() -> None:
    first, *_, higher, last = candidates(ask(), EVERYTHING, ALL)
    assert first.reason == "A short easy question: the cheapest simple model that is available."
    assert higher.reason == (
        "A short easy question, but no other simple model can take it: the cheapest complex one."
    )
    assert last.reason == "The model on this machine, the last resort."
    demanding, *_ = candidates(ask(DEMANDING), EVERYTHING, ALL)
    assert demanding.reason == "A demanding task: the cheapest complex model that is available."
    pinned, then, *_ = candidates(ask(model="b/dear"), EVERYTHING, ALL)
    assert pinned.reason == "You chose this model."
    assert then.reason == "b/dear is not available; this is the next in line."


def test_the_model_on_this_machine_is_first_where_it_is_alone() -> None:
    only, *none = candidates(ask(DEMANDING), EVERYTHING, Health(configured={"local"}))
    assert (only.model.name, only.reason) == ("local/small", "The only model that is available.")
    assert not none


def test_everyday_questions_cost_a_fifth_of_the_best_model_at_most() -> None:
    """On the built-in prices, with every provider configured that is paid by the token."""
    built_in = load("", {})
    hosted = {provider.name for provider in built_in.providers.values() if provider.base_url}
    health = Health(configured=hosted)
    best = max(blended_price(entry) for entry in built_in.models.values() if entry.provider in hosted)
    prices = [blended_price(candidates(ask(text), built_in, health)[0].model) for text in EVERYDAY]
    assert sum(prices) / len(prices) * 5 <= best
    # And against the cheapest model of the highest tier, not only the dearest there is.
    cheapest_best = min(
        blended_price(entry)
        for entry in built_in.models.values()
        if entry.tier == "complex" and entry.provider in hosted
    )
    assert sum(prices) / len(prices) * 5 <= cheapest_best


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "nim", "fireworks"])
def test_so_they_do_with_a_single_provider(provider: str) -> None:
    built_in = load("", {})
    health = Health(configured={provider})
    best = max(blended_price(entry) for entry in built_in.models.values() if entry.provider == provider)
    prices = [blended_price(candidates(ask(text), built_in, health)[0].model) for text in EVERYDAY]
    assert sum(prices) / len(prices) * 5 <= best


def test_a_plans_models_and_tiers_bound_what_auto_may_choose() -> None:
    assert names(ask(allowed=frozenset({"b/better", "c/best"}))) == ["b/better", "c/best"]
    assert names(ask(DEMANDING, tiers=frozenset({"simple"})))[0] == "a/cheap"
    assert "c/best" not in names(ask(DEMANDING, tiers=frozenset({"simple", "standard"})))


def test_a_pinned_model_outside_the_plan_is_refused_and_one_inside_falls_back_within_it() -> None:
    with pytest.raises(ModelNotAllowed):
        names(ask(model="b/dear", allowed=frozenset({"a/cheap"})))
    with pytest.raises(ModelNotAllowed):
        names(ask(model="c/best", tiers=frozenset({"simple"})))
    assert names(ask(model="a/cheap", allowed=frozenset({"a/cheap", "b/dear"}))) == ["a/cheap", "b/dear"]


def test_a_plan_that_names_no_model_there_is_says_so() -> None:
    with pytest.raises(ModelNotAllowed):
        names(ask(allowed=frozenset({"gone/model"})))
