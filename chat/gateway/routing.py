"""Who is asked, in which order, and why, in words. Pure: no clock, no network.

"auto" estimates what the question needs (difficulty.py), and takes the cheapest model of that tier that can
do it. Of several at about one price the quicker one goes first, of two that are drawn at random (the "power
of two choices", Mitzenmacher 2001), so that not everybody runs to one. A pinned model comes first, then
whoever its table names, or else its own tier by price and the tier above. The model on this machine is the
last resort of "auto": it always answers, but it is small.
"""

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from chat.gateway.catalogue import TIERS, Capability, Catalogue, Model, Provider, Tier
from chat.gateway.difficulty import Difficulty, estimate
from chat.gateway.errors import BadRequest, ContextTooLong, ModelNotAllowed, ProviderUnavailable, UnknownModel
from chat.gateway.parameters import lost
from chat.gateway.request import ChatRequest
from chat.gateway.tiers import tier_for

AUTO = "auto"
LOCAL = "local"  # the provider that is this machine

_CHARACTERS_PER_TOKEN = 4
_ABOUT_ONE_PRICE = 1.05  # times the cheapest one's
_SHORT, _LONG = 200, 2_000  # characters, for the words that say why
_NO_TIMES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Health:
    """`configured`: names of providers with all they need; `resting`: names of providers and
    models whose breaker is open; `first_token_s`: recent first-token times by model, where known."""

    configured: Collection[str]
    resting: Collection[str] = ()
    first_token_s: Callable[[str], float | None] = _NO_TIMES.get
    full: Collection[str] = ()  # providers whose servers all have requests waiting and no room


@dataclass(frozen=True, slots=True)
class Candidate:
    model: Model
    provider: Provider
    reason: str  # in words a user understands


def candidates(
    request: ChatRequest,
    catalogue: Catalogue,
    health: Health,
    dice: Callable[[], float] = random.random,
) -> list[Candidate]:
    """Never empty. Raises UnknownModel, ContextTooLong (no window is large enough) BadRequest (nobody
    takes a parameter) or ProviderUnavailable (nobody is configured who could do it)."""
    if request.model == AUTO:
        able = _usable(catalogue.models.values(), request, health, catalogue.providers)
        difficulty = estimate(request.messages)
        tier = tier_for(difficulty.weak_is_enough, request.preference)
        able = _for_auto(able, tier, _probable_tokens(request), health, dice)
        reason = partial(_why_auto, difficulty=difficulty, wanted=tier)
    elif request.model in catalogue.models:
        wanted = catalogue.models[request.model]
        _allowed([wanted], request)
        pinned = _for_pinned(wanted, catalogue)
        able = _usable(pinned, request, health, catalogue.providers)
        reason = partial(_why_pinned, request=request)
    else:
        raise UnknownModel("There is no model of this name.")
    return [
        Candidate(model, catalogue.providers[model.provider], reason(model, among=able)) for model in able
    ]


def _allowed(models: Iterable[Model], request: ChatRequest) -> list[Model]:
    """Also of those that a pinned model falls back to."""
    found = [
        model
        for model in models
        if (not request.allowed or model.name in request.allowed)
        and (not request.tiers or model.tier in request.tiers)
    ]
    if not found:
        raise ModelNotAllowed("Your plan does not have a model that could answer this.")
    return found


_ABILITIES: Mapping[Capability, str] = {"tools": "call tools", "vision": "look at pictures"}


def _usable(
    models: Iterable[Model], request: ChatRequest, health: Health, providers: Mapping[str, Provider]
) -> list[Model]:
    """In the order given: those that are configured, can do it, have the room, and do not rest."""
    needs = _needs(request)
    models = _allowed(models, request)
    configured = [model for model in models if model.provider in health.configured]
    if not configured:
        raise ProviderUnavailable("No provider that could answer this is configured.")
    able = [model for model in configured if needs <= model.capabilities]
    if not able:
        wanted = " and ".join(_ABILITIES[need] for need in sorted(needs) if need in _ABILITIES)
        raise BadRequest(f"No model that is available here can {wanted or 'chat'}.")
    if request.extra:
        able = _carrying(able, request, providers)
    fitting = _fitting(able, request)
    return [model for model in fitting if not {model.provider, model.name} & set(health.resting)] or fitting


def _carrying(
    models: Sequence[Model], request: ChatRequest, providers: Mapping[str, Provider]
) -> list[Model]:
    """Those whose provider is sent every parameter: none is dropped without a word."""
    dropped = [lost(request, providers[model.provider].dialect) for model in models]
    carrying = [model for model, missing in zip(models, dropped, strict=True) if not missing]
    if not carrying:
        names = ", ".join(sorted(dropped[0]))
        raise BadRequest(f"This model's provider does not take: {names}.")
    return carrying


def _for_auto(
    models: Iterable[Model], wanted: Tier, tokens: int, health: Health, dice: Callable[[], float]
) -> list[Model]:
    """The tier that is wanted, then those above it, then those below, nearest first; each by price. Whose
    window `tokens` might burst comes after all who have the room, whom nobody but its server knows after all
    others."""

    def order(model: Model) -> tuple[bool, bool, bool, bool, int, bool, float]:
        above = TIERS.index(model.tier) - TIERS.index(wanted)
        last = model.provider == LOCAL, model.discovered, model.context < tokens
        return *last, above < 0, abs(above), model.provider in health.full, blended_price(model)

    ranked = sorted(models, key=lambda model: (*order(model), model.name))
    *grade, cheapest = order(ranked[0])
    first = [
        model
        for model in ranked
        if order(model)[:-1] == tuple(grade) and blended_price(model) <= _ABOUT_ONE_PRICE * cheapest
    ]
    return _quickest_of_two(first, health, dice) + ranked[len(first) :]


def _quickest_of_two(models: list[Model], health: Health, dice: Callable[[], float]) -> list[Model]:
    """The quicker of two drawn at random, then the rest, quickest first. Whose time is not known counts as
    quick: it is found out by asking."""

    def wait(model: Model) -> float:
        return health.first_token_s(model.name) or 0.0

    if len(models) > 1:
        one = int(dice() * len(models))
        other = (one + 1 + int(dice() * (len(models) - 1))) % len(models)
        chosen = min(models[min(one, other)], models[max(one, other)], key=wait)
        return [chosen, *sorted((model for model in models if model is not chosen), key=wait)]
    return models


def _for_pinned(pinned: Model, catalogue: Catalogue) -> list[Model]:
    if pinned.fallback is not None:
        return [pinned, *(catalogue.models[name] for name in pinned.fallback)]
    tier = TIERS.index(pinned.tier)
    others = [
        model
        for model in catalogue.models.values()
        if model is not pinned and not model.discovered and TIERS.index(model.tier) in (tier, tier + 1)
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
    at_least = _characters(request) // (2 * _CHARACTERS_PER_TOKEN)
    fitting = [model for model in models if model.context > at_least]
    if not fitting:
        raise ContextTooLong(
            "The conversation is too long for every model there is.",
            window=max(model.context for model in models),
        )
    return fitting


def _characters(request: ChatRequest) -> int:
    return sum(len(message.text) for message in request.messages) + len(request.prefill)


def _probable_tokens(request: ChatRequest) -> int:
    return _characters(request) // _CHARACTERS_PER_TOKEN + (request.max_output or 0)


def _why_auto(model: Model, among: Sequence[Model], difficulty: Difficulty, wanted: Tier) -> str:
    if len(among) == 1:
        return "The only model that is available."
    if model.provider == LOCAL:
        return "The model on this machine, the last resort."
    question = _in_words(difficulty, wanted)
    if model.tier == wanted:
        return f"{question}: the cheapest {model.tier} model that is available."
    return f"{question}, but no other {wanted} model can take it: the cheapest {model.tier} one."


def _in_words(difficulty: Difficulty, wanted: Tier) -> str:
    length = "short" if difficulty.characters < _SHORT else "long" if difficulty.characters > _LONG else ""
    kind = {"simple": "easy question", "standard": "question", "complex": "demanding task"}[wanted]
    words = f"{length} {kind}".strip()
    return f"An {words}" if words[0] in "aeiou" else f"A {words}"


def _why_pinned(model: Model, among: Sequence[Model], request: ChatRequest) -> str:
    if model.name == request.model:
        return "You chose this model."
    return f"{request.model} is not available; this is the next in line."
