"""The catalogue's types: which providers and models there are, what they can do and what they cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Tier = Literal["simple", "standard", "complex"]
TIERS: tuple[Tier, ...] = ("simple", "standard", "complex")
DialectName = Literal["openai", "anthropic", "gemini", "cohere", "ollama", "bedrock"]
Capability = Literal["chat", "vision", "tools", "reasoning", "prefill", "embeddings"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `idle` is silence between two meaningful events; `total` bounds the whole attempt."""

    connect: float = 5.0
    first_token: float = 30.0
    idle: float = 15.0
    total: float = 120.0


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens, which is the same number as micro-dollars per token."""

    input: float = 0.0
    output: float = 0.0
    cached_input: float | None = None  # None: cached tokens cost what fresh ones do


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    dialect: DialectName
    base_url: str  # empty: known only from <NAME>_BASE_URL, which is not set
    api_key_env: str = ""  # empty: no key is sent
    replicas: tuple[str, ...] = ()  # further addresses of the same servers
    scrape: bool = False  # True: its servers are asked how much they have to do
    discover: bool = False  # True: it is asked which models it serves
    key_optional: bool = False  # True: it is asked without a key where none is set
    headers: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = Timeouts()
    max_concurrency: int = 64
    title: str = ""  # as people write it: "NVIDIA NIM"


@dataclass(frozen=True, slots=True)
class Model:
    name: str  # the catalogue's name, "nim/nemotron-3-nano"
    provider: str
    upstream: str  # the name the provider knows
    context: int
    max_output: int
    price: Price
    tier: Tier
    capabilities: frozenset[Capability] = frozenset({"chat"})
    fallback: tuple[str, ...] | None = None  # None: same tier, then the tier above; empty: nobody
    discovered: bool = False  # True: its server named it, no catalogue did
    source: str = ""  # where the figures are from, and when


@dataclass(frozen=True, slots=True)
class Catalogue:
    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
