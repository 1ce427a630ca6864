"""The built-in catalogue, entry by entry: what is promised of it, and figures that can be believed."""

import re
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from chat.gateway.catalogue import TIERS, Model, Provider
from chat.gateway.loading import load
from chat.gateway.providers.registry import DIALECTS
from chat.gateway.routing import blended_price

CATALOGUE = load("", {})
OWN_HARDWARE = {"local", "local-embeddings", "nim-local", "vllm", "ollama"}  # a token has no price there

every_provider = pytest.mark.parametrize("provider", CATALOGUE.providers.values(), ids=lambda each: each.name)
every_model = pytest.mark.parametrize("model", CATALOGUE.models.values(), ids=lambda each: each.name)


def models_of(provider: str) -> list[Model]:
    return [model for model in CATALOGUE.models.values() if model.provider == provider]


def test_every_provider_that_is_promised_is_there() -> None:
    promised = {
        *(
            "nim",
            "nim-local",
            "local",
            "local-embeddings",
            "openai",
            "anthropic",
            "gemini",
            "groq",
            "openrouter",
            "mistral",
        ),
        *("cohere", "together", "fireworks", "deepseek", "xai", "cerebras", "perplexity", "azure"),
        *("bedrock", "ollama", "vllm"),
    }
    assert set(CATALOGUE.providers) == promised


@every_provider
def test_a_provider_speaks_a_dialect_we_know_under_a_name_for_people(provider: Provider) -> None:
    assert provider.dialect in DIALECTS
    assert provider.title


@every_provider
def test_a_provider_has_a_few_models(provider: Provider) -> None:
    assert 1 <= len(models_of(provider.name)) <= 4


@every_provider
def test_what_leaves_this_network_is_encrypted_and_has_a_key(provider: Provider) -> None:
    if provider.base_url:
        assert urlsplit(provider.base_url).scheme == "https"
    may_be_asked_without_one = not provider.api_key_env or provider.key_optional
    assert may_be_asked_without_one is (provider.name in OWN_HARDWARE)


@every_provider
def test_its_clocks_are_in_order(provider: Provider) -> None:
    clocks = provider.timeouts
    assert clocks.connect <= clocks.first_token <= clocks.total
    assert clocks.idle <= clocks.total


@pytest.mark.parametrize(
    ("provider", "seconds"),
    [("groq", 30), ("nim", 60), ("gemini", 90), ("anthropic", 120), ("openrouter", 120)],
)
def test_the_whole_attempts_clock_is_the_one_that_is_promised(provider: str, seconds: int) -> None:
    assert CATALOGUE.providers[provider].timeouts.total == seconds


@every_model
def test_a_models_figures_name_their_page_and_their_day(model: Model) -> None:
    assert re.search(r"\b20\d\d-(0[1-9]|1[0-2])(-\d\d)?\b", model.source)
    local_or_named = ("http", "unverified", "own hardware", "the model itself", ".ai/", "docs.")
    assert any(word in model.source for word in local_or_named)


@every_model
def test_only_ones_own_hardware_is_free(model: Model) -> None:
    """A price of nothing would draw every "auto" to a trial that forbids it."""
    free = not blended_price(model)
    assert free is (model.provider in OWN_HARDWARE)
    assert model.price.input <= model.price.output


@every_model
def test_a_cached_token_is_cheaper_than_a_fresh_one(model: Model) -> None:
    assert model.price.cached_input is None or model.price.cached_input < model.price.input


@every_model
def test_a_model_leaves_room_for_the_question(model: Model) -> None:
    assert ("chat" in model.capabilities) is ("embeddings" not in model.capabilities)
    assert "embeddings" in model.capabilities or model.max_output <= model.context / 2
    assert model.max_output <= 32_768


@every_model
def test_who_refuses_a_last_message_of_its_own_is_not_asked_to_go_on(model: Model) -> None:
    assert not ("claude" in model.upstream and "prefill" in model.capabilities)


@every_provider
def test_a_higher_tier_of_one_provider_is_never_cheaper(provider: Provider) -> None:
    cheapest = [
        min(map(blended_price, of_tier))
        for tier in TIERS
        if (of_tier := [model for model in models_of(provider.name) if model.tier == tier])
    ]
    assert all(below <= above for below, above in pairwise(cheapest))


def test_every_tier_is_offered_by_several_independent_providers() -> None:
    for tier in TIERS:
        offering = {model.provider for model in CATALOGUE.models.values() if model.tier == tier}
        assert len(offering - OWN_HARDWARE) >= 5, tier
