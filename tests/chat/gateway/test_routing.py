"""Who is asked, in which order, and why."""

import pytest

from chat.gateway.catalogue import Price
from chat.gateway.errors import ContextTooLong, ProviderUnavailable, UnknownModel
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.routing import Health, candidates
from tests.chat.gateway.scripted import ask, catalogue, model

CHEAP = model("a/cheap", price=Price(0.1, 0.1))
DEAR = model("b/dear", price=Price(5, 5))
BETTER = model("b/better", price=Price(0.2, 0.2), tier="standard")
BEST = model("c/best", price=Price(0.01, 0.01), tier="complex")
LOCAL = model("local/small", price=Price(), context=2048)
EVERYTHING = catalogue(DEAR, BEST, LOCAL, BETTER, CHEAP)
ALL = Health(configured=EVERYTHING.providers)


def names(request: ChatRequest, health: Health = ALL, of=EVERYTHING) -> list[str]:
    return [candidate.model.name for candidate in candidates(request, of, health)]


def test_auto_goes_from_cheap_to_dear_and_tier_by_tier_with_this_machine_last() -> None:
    assert names(ask()) == ["a/cheap", "b/dear", "b/better", "c/best", "local/small"]


def test_of_two_at_one_price_the_quicker_one_is_first() -> None:
    twin = model("z/twin", price=CHEAP.price)
    both = catalogue(CHEAP, twin)
    health = Health(both.providers, first_token_s={"a/cheap": 0.9, "z/twin": 0.2}.get)
    assert names(ask(), health, both) == ["z/twin", "a/cheap"]


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


def test_what_fits_nowhere_is_too_long() -> None:
    with pytest.raises(ContextTooLong) as refused:
        names(ask("x" * 200_000))
    assert refused.value.window == 8192


def test_every_candidate_says_why_in_words() -> None:
    first, *_, last = candidates(ask(), EVERYTHING, ALL)
    assert first.reason == "The cheapest simple model that is available."
    assert last.reason == "The model on this machine, the last resort."
    pinned, then, *_ = candidates(ask(model="b/dear"), EVERYTHING, ALL)
    assert pinned.reason == "You chose this model."
    assert then.reason == "b/dear is not available; this is the next in line."
