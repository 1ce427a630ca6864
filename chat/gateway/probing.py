"""What stands in the way of each provider: a variable that is not set, or what it says when it is asked."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from chat.gateway.breakers import Breakers
from chat.gateway.catalogue import Catalogue, Model, Provider
from chat.gateway.errors import GatewayError
from chat.gateway.events import Event
from chat.gateway.guarded import Guarded
from chat.gateway.keys import key_of, lacks_key
from chat.gateway.loading import variable
from chat.gateway.providers.http import ProviderRing
from chat.gateway.providers.registry import DIALECTS
from chat.gateway.recent import RecentTimes
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.routing import blended_price

QUESTION = ChatMessage("user", "Say: yes")


@dataclass(frozen=True, slots=True)
class Standing:
    """`lacks` is the variable that has to be set first, empty where none has; `cheapest` is None for a
    provider without a model to chat with."""

    provider: Provider
    models: int
    cheapest: Model | None
    lacks: str = ""


def standings(catalogue: Catalogue, environ: Mapping[str, str]) -> list[Standing]:
    """Every provider, in the catalogue's order. Pure."""
    found = []
    for provider in catalogue.providers.values():
        models = [
            model
            for model in catalogue.models.values()
            if model.provider == provider.name and "chat" in model.capabilities
        ]
        cheapest = min(models, key=lambda model: (blended_price(model), model.name), default=None)
        found.append(Standing(provider, len(models), cheapest, _lacks(provider, environ)))
    return found


def _lacks(provider: Provider, environ: Mapping[str, str]) -> str:
    if not provider.base_url:
        return variable(provider.name, "BASE_URL")
    if lacks_key(provider, environ):
        return provider.api_key_env
    return ""


@dataclass(frozen=True, slots=True)
class Probe:
    """Seconds to the first event of the answer, or the error that came instead."""

    model: str
    first_token_s: float | None = None
    error: GatewayError | None = None


async def probe(standing: Standing, environ: Mapping[str, str]) -> Probe:
    """Ask the provider's cheapest model for one token. Only for one that lacks nothing and has a model."""
    provider, model = standing.provider, standing.cheapest
    assert model is not None
    dialect = DIALECTS[provider.dialect]
    door = ProviderRing(provider, dialect, {model.name: model}, key_of(provider, environ))
    ring = Guarded(door, provider, Breakers(), RecentTimes())
    request = ChatRequest((QUESTION,), model=model.name, max_output=1)
    clock = asyncio.get_running_loop().time
    begun = clock()
    try:
        await _first_event(ring.stream(request))
    except GatewayError as error:
        return Probe(model.name, error=error)
    else:
        return Probe(model.name, first_token_s=clock() - begun)
    finally:
        await door.close()


async def _first_event(stream: AsyncGenerator[Event, None]) -> Event:
    async with aclosing(stream) as events:
        return await anext(events)
