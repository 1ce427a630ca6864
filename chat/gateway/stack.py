"""The rings, put together. One gateway serves one event loop; nothing is opened before it is used."""

import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chat.gateway.admitted import Admitted
from chat.gateway.answers import Store as AnswerStore
from chat.gateway.breakers import Breakers
from chat.gateway.cached import DAY, Cached
from chat.gateway.catalogue import Catalogue, Model, Price, Provider
from chat.gateway.counting import count_tokens
from chat.gateway.discovery import Discovery
from chat.gateway.elsewhere import Elsewhere
from chat.gateway.embedding import DEFAULT as EMBEDDING
from chat.gateway.embedding import Embedder
from chat.gateway.errors import UnknownModel
from chat.gateway.events import Event, Usage
from chat.gateway.fallback import Fallback
from chat.gateway.gate import Gate
from chat.gateway.guarded import Guarded
from chat.gateway.guardrails import Guardrails
from chat.gateway.guardrails import Settings as GuardrailSettings
from chat.gateway.hedging import SHARE, Hedging
from chat.gateway.joined import Joined
from chat.gateway.keys import configured, key_of
from chat.gateway.leases import Leases
from chat.gateway.loading import load
from chat.gateway.measured import Measured
from chat.gateway.pricing import Counter, estimated
from chat.gateway.providers.http import ProviderRing
from chat.gateway.providers.registry import DIALECTS
from chat.gateway.railed import Railed
from chat.gateway.recent import RecentTimes
from chat.gateway.replicas import Replicas
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.resemblance import load as load_resemblance
from chat.gateway.routing import AUTO, LOCAL, Health
from chat.gateway.scraping import Scraping
from chat.gateway.semantic import Semantic
from chat.gateway.spread import Spread
from chat.gateway.tokenizers import families, family
from grump.lib.breaker import Store
from grump.lib.shared_breaker import SharedStore


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as the picker and /v1/models list it. `first_token`: seconds that its next answer is likely to
    keep one waiting, by what this process saw of late; `resting`: it, or its provider, has been failing."""

    model: Model
    provider: Provider
    configured: bool
    first_token: float | None = None
    resting: bool = False


def build(
    catalogue: Catalogue | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    breaker_store: Store | None = None,
    valkey: str = "",
    count: Counter = count_tokens,
    hedged: float = SHARE,
    answers: AnswerStore | None = None,
    answers_last: float = DAY,
    answers_shared: bool = False,
    semantic_error: float | None = None,
    joined_widely: bool = False,
    guardrails: GuardrailSettings | None = None,
) -> "Gateway":
    """The whole gateway. Without a catalogue it is the built-in one with GRUMP_CATALOG merged over it;
    raises CatalogueError where an entry is wrong. `valkey` is the address of the one through which several
    processes share what they know, empty for a process alone; nothing is shared before `Gateway.start`.
    `count` counts tokens where no provider reports them; `hedged` is the share of requests that may be
    asked twice, 0 for none. `answers` is where answers are kept for `answers_last` seconds; without it
    every question is asked. `semantic_error` is the share of answers to similar questions that may be wrong,
    None for none of them. `joined_widely`: the same question of two users at once is asked once.
    `guardrails`: who must not object to a question or its answer; None for nobody."""
    if catalogue is None:
        catalogue = load(environ.get("GRUMP_CATALOG", ""), environ)
    models = dict(catalogue.models)  # what is discovered comes to it
    catalogue = replace(catalogue, models=models)
    shared: list[Shared] = []
    if valkey and breaker_store is None:
        breaker_store = SharedStore(valkey)
        shared.append(breaker_store)
    leases = Leases(valkey) if valkey else None
    if leases is not None:
        shared.append(leases)
    breakers = Breakers(breaker_store)
    recent = RecentTimes()
    usable = frozenset(p.name for p in catalogue.providers.values() if configured(p, environ))

    asked = [provider for provider in catalogue.providers.values() if provider.discover]
    asked = [provider for provider in asked if provider.name in usable]
    discovery = Discovery([(provider, key_of(provider, environ)) for provider in asked], models)
    shared.append(discovery)

    spread = {
        name: Replicas((catalogue.providers[name].base_url, *catalogue.providers[name].replicas))
        for name in usable
    }
    scraped = [catalogue.providers[name] for name in sorted(usable) if catalogue.providers[name].scrape]
    if scraped:
        shared.append(Scraping([(one, key_of(one, environ), spread[one.name]) for one in scraped]))

    def health() -> Health:
        unready = {one.name for one in scraped if spread[one.name].none_ready}
        full = frozenset(one.name for one in scraped if spread[one.name].all_full)
        return Health(usable, unready | set(breakers.resting()), recent.expected, full)

    doors: list[ProviderRing] = []
    providers: dict[str, Ring] = {}
    for name in sorted(usable):
        provider = catalogue.providers[name]
        key = key_of(provider, environ)
        dialect = DIALECTS[provider.dialect]
        rings_of = {
            one.address: ProviderRing(
                replace(provider, base_url=one.address), dialect, catalogue.models, key, count
            )
            for one in spread[name].all
        }
        doors += rings_of.values()
        # One server needs nobody to choose among several: a ring costs time for every token.
        door = Spread(spread[name], rings_of) if provider.replicas else doors[-1]
        most = provider.max_concurrency
        gate = Gate(most, leases.places(name, most) if leases else None)
        providers[name] = Admitted(Guarded(door, provider, breakers, recent), provider, gate)

    rings: Ring
    rings = Fallback(providers, catalogue, health, count=count, hedging=Hedging(recent, share=hedged))
    if guardrails is not None:
        # Within what joins and keeps answers: what is shared or told again has been checked once.
        checks = Guardrails(guardrails, breaker_store)
        shared.append(checks)
        rings = Railed(rings, checks)
    elsewhere = Elsewhere(valkey) if valkey else None
    if elsewhere is not None:
        shared.append(elsewhere)
    rings = Joined(rings, elsewhere, widely=joined_widely)
    embedders = {
        model.name: Embedder(provider, model, key_of(provider, environ), count)
        for model in catalogue.models.values()
        if "embeddings" in model.capabilities
        and (provider := catalogue.providers[model.provider]).name in usable
    }
    semantic = None
    if answers and semantic_error is not None and (embedder := embedders.get(EMBEDDING)):
        rings = semantic = Semantic(
            rings, answers, embedder, load_resemblance(), error=semantic_error, shared=answers_shared
        )
    cached = Cached(rings, answers, seconds=answers_last, shared=answers_shared) if answers else None
    rings = cached or rings
    rings = Measured(rings, catalogue)
    return Gateway(
        rings,
        catalogue,
        usable,
        doors,
        count,
        embedders,
        shared,
        cached,
        semantic,
        discovery,
        health,
    )


@dataclass(frozen=True, slots=True)
class Auto:
    """What every turn asks about "auto", which changes only with the catalogue. `window` in tokens."""

    price: Price
    window: int
    families: tuple[str, ...]


class Shared(Protocol):
    """A part that speaks with other processes, or with providers, behind the requests."""

    def start(self) -> None: ...

    async def close(self) -> None: ...


class Gateway:
    """What the rest of the product calls."""

    def __init__(
        self,
        rings: Ring,
        catalogue: Catalogue,
        usable: frozenset[str],
        doors: Iterable[ProviderRing] = (),
        count: Counter = count_tokens,
        embedders: Mapping[str, Embedder] | None = None,
        shared: Sequence[Shared] = (),
        cached: Cached | None = None,
        semantic: Semantic | None = None,
        discovery: Discovery | None = None,
        health: Callable[[], Health] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self._rings = rings
        self._usable = usable
        self._doors = list(doors)
        self._count = count
        self._embedders = embedders or {}
        self._cached = cached
        self._semantic = semantic
        self._discovery = discovery
        self._health = health or (lambda: Health(usable))
        self._shared = shared
        self._known_auto: tuple[int, Auto] | None = None
        self._started = False

    def start(self) -> None:
        """Begin what runs in the background: from now on this process and others know of each other."""
        if not self._started:
            self._started = True
            for part in self._shared:
                part.start()

    def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The answer's events (events.py); raises a GatewayError. Close it (`aclose`) to stop early."""
        return self._rings.stream(request)

    def embedder(self, name: str) -> Embedder:
        """The client of one embedding model. Raises UnknownModel, also where it is not configured."""
        if name not in self._embedders:
            raise UnknownModel("There is no embedding model of this name.")
        return self._embedders[name]

    def embedding_models(self) -> list[Model]:
        """Those that are configured, in the catalogue's order."""
        return [embedder.model for embedder in self._embedders.values()]

    def models(self) -> list[ModelEntry]:
        """Every model one can chat with, in the catalogue's order; what was found on servers comes last."""
        present = self._discovery.present if self._discovery else ()
        return [
            ModelEntry(model, self.catalogue.providers[model.provider], model.provider in self._usable)
            for model in self.catalogue.models.values()
            if "chat" in model.capabilities and (not model.discovered or model.name in present)
        ]

    def health(self) -> Health:
        """Who can be asked, who is left alone, and how soon each began lately, as this process sees it."""
        return self._health()

    def offered(self) -> list[ModelEntry]:
        """The same, with how each is doing: for people who choose."""
        now = self._health()
        resting = frozenset(now.resting)
        return [
            replace(
                entry,
                first_token=now.first_token_s(entry.model.name),
                resting=not resting.isdisjoint((entry.model.name, entry.provider.name)),
            )
            for entry in self.models()
        ]

    def window(self, model: str) -> int:
        """Tokens that a prompt and its answer may have together. For "auto" the largest window that is
        configured, since the prompt's length is one of the things that routing goes by."""
        if model != AUTO:
            if model not in self.catalogue.models:
                raise UnknownModel("There is no model of this name.")
            return self.catalogue.models[model].context
        return self._auto().window

    def families(self, model: str) -> tuple[str, ...]:
        """The tokenizers that may read a prompt to the model; for "auto" those of every model there is."""
        if model in self.catalogue.models:
            return (family(self.catalogue.models[model]),)
        return self._auto().families

    def likely_price(self, model: str) -> Price:
        """Of the model; for "auto" of the cheapest that is configured, as most questions are answered by it.
        A free one where there is no such model: the turn itself will say so."""
        if model in self.catalogue.models:
            return self.catalogue.models[model].price
        return self._auto().price

    def _auto(self) -> Auto:
        """Made anew when discovery has looked."""
        looks = self._discovery.looks if self._discovery else 0
        if self._known_auto is None or self._known_auto[0] != looks:
            self._known_auto = (looks, self._look_at_auto())
        return self._known_auto[1]

    def _look_at_auto(self) -> Auto:
        able = [entry for entry in self.models() if entry.configured]
        prices = [entry.model.price for entry in able]
        able = [entry for entry in able if not entry.model.discovered] or able  # as routing does
        windows = {entry.model.context: entry.provider.name for entry in able}
        hosted = [window for window, provider in windows.items() if provider != LOCAL]
        return Auto(
            min(prices, key=lambda price: price.input + price.output, default=Price(0, 0)),
            max(hosted or windows, default=0),
            families(self.catalogue, self._usable),
        )

    def usage_so_far(self, request: ChatRequest, model: str, said: str) -> Usage:
        """What an answer took that was stopped after `said` (text and reasoning): estimated, priced."""
        return estimated(request, [said], self.catalogue.models[model].price, self._count)

    async def close(self) -> None:
        for part in self._shared:
            await part.close()
        if self._semantic is not None:
            await self._semantic.settled()
        if self._cached is not None:
            await self._cached.close()
        for door in self._doors:
            await door.close()
        for embedder in self._embedders.values():
            await embedder.close()
