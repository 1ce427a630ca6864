"""Who is asked, in which order, and why, in words. Pure: no clock, no network.

"auto" takes the cheapest model that can do it, from the simple tier upwards. A pinned model comes first,
then whoever its table names, or else its own tier by price and the tier above. The model on this machine
is the last resort of "auto": it always answers, but it is small.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from chat.gateway.catalogue import TIERS, Capability, Catalogue, Model, Provider
from chat.gateway.errors import ContextTooLong, ProviderUnavailable, UnknownModel
from chat.gateway.request import ChatRequest

AUTO = "auto"
LOCAL = "local"  # the provider that is this machine

_CHARACTERS_PER_TOKEN = 4
_NO_TIMES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Health:
    """`configured`: names of providers with all they need; `resting`: names of providers and
    models whose breaker is open; `first_token_s`: recent first-token times by model, where known."""

    configured: Collection[str]
    resting: Collection[str] = ()
    first_token_s: Callable[[str], float | None] = _NO_TIMES.get


@dataclass(frozen=True, slots=True)
class Candidate:
    model: Model
    provider: Provider
    reason: str  # in words a user understands


def candidates(request: ChatRequest, catalogue: Catalogue, health: Health) -> list[Candidate]:
    """Never empty. Raises UnknownModel, ContextTooLong (no window is large enough) or
    ProviderUnavailable (nobody is configured who could do it)."""
    if request.model == AUTO:
        models = _for_auto(catalogue, health)
        reason = _why_auto
    elif request.model in catalogue.models:
        models = _for_pinned(catalogue.models[request.model], catalogue, health)
        reason = _why_pinned
    else:
        raise UnknownModel("There is no model of this name.")
    needs = _needs(request)
    able = [model for model in models if model.provider in health.configured and needs <= model.capabilities]
    if not able:
        raise ProviderUnavailable("No provider that could answer this is configured.")
    fitting = _fitting(able, request)
    awake = [model for model in fitting if not {model.provider, model.name} & set(health.resting)] or fitting
    return [
        Candidate(model, catalogue.providers[model.provider], reason(model, request, awake))
        for model in awake
    ]


def _for_auto(catalogue: Catalogue, health: Health) -> list[Model]:
    def order(model: Model) -> tuple[bool, int, float, float, str]:
        late = health.first_token_s(model.name)
        return (
            model.provider == LOCAL,
            TIERS.index(model.tier),
            blended_price(model),
            late if late is not None else 0.0,
            model.name,
        )

    return sorted(catalogue.models.values(), key=order)


def _for_pinned(pinned: Model, catalogue: Catalogue, health: Health) -> list[Model]:
    if pinned.fallback is not None:
        return [pinned, *(catalogue.models[name] for name in pinned.fallback)]
    tier = TIERS.index(pinned.tier)
    others = [
        model
        for model in catalogue.models.values()
        if model is not pinned and TIERS.index(model.tier) in (tier, tier + 1)
    ]
    others.sort(key=lambda model: (TIERS.index(model.tier), blended_price(model), model.name))
    return [pinned, *others]


def blended_price(model: Model) -> float:
    """One figure to order by: three tokens are read for one that is written, as chats go."""
    return (3 * model.price.input + model.price.output) / 4


def _needs(request: ChatRequest) -> frozenset[Capability]:
    needs: set[Capability] = {"chat"}
    if request.extra.get("tools"):
        needs.add("tools")
    for message in request.messages:
        content = message.extra.get("content")
        if isinstance(content, list) and any(
            isinstance(part, dict) and part.get("type") == "image_url" for part in content
        ):
            needs.add("vision")
    return frozenset(needs)


def _fitting(models: Sequence[Model], request: ChatRequest) -> list[Model]:
    """Those whose window holds the prompt, as far as its length tells: what is surely too much is left
    out, what is doubtful may be tried."""
    characters = sum(len(message.text) for message in request.messages) + len(request.prefill)
    at_least = characters // (2 * _CHARACTERS_PER_TOKEN)
    fitting = [model for model in models if model.context > at_least]
    if not fitting:
        raise ContextTooLong(
            "The conversation is too long for every model there is.",
            window=max(model.context for model in models),
        )
    return fitting


def _why_auto(model: Model, request: ChatRequest, models: Sequence[Model]) -> str:
    if len(models) == 1:
        return "The only model that is available."
    if model.provider == LOCAL:
        return "The model on this machine, the last resort."
    return f"The cheapest {model.tier} model that is available."


def _why_pinned(model: Model, request: ChatRequest, models: Sequence[Model]) -> str:
    if model.name == request.model:
        return "You chose this model."
    return f"{request.model} is not available; this is the next in line."
