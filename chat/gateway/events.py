"""What a stream is made of: the one vocabulary of every ring, dialect and door.

A well-formed stream is `Started (Text | Reasoning | Retry | Queued)* Finished`; `Queued` may also come
before `Started`. A stream that ends without `Finished` has failed, and raises instead.
"""

from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]
CacheKind = Literal["exact", "semantic", "joined"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counts them. `output_tokens` includes `reasoning_tokens`,
    `input_tokens` includes `cached_input_tokens`; cost in millionths of a US dollar. `extra_microusd` is what
    attempts that came to nothing cost beside: nobody who asked pays it."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cost_microusd: int = 0
    extra_microusd: int = 0
    estimated: bool = False  # True where the provider reported nothing and we counted ourselves


@dataclass(frozen=True, slots=True)
class Queued:
    """The request waits for a place; `position` counts from 1."""

    position: int


@dataclass(frozen=True, slots=True)
class Started:
    """A provider has begun to answer (its first meaningful event is about to follow)."""

    provider: str
    model: str  # the catalogue's name, "nim/nemotron-3-nano"
    tier: str
    reason: str  # in words a user understands
    cached: CacheKind | None = None
    fell_back: bool = False  # the first choice failed, or was too slow


@dataclass(frozen=True, slots=True)
class Text:
    text: str  # never empty


@dataclass(frozen=True, slots=True)
class Reasoning:
    text: str  # never empty


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A piece of a tool call, as providers stream them: `arguments` pieces join by `index`."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The answer goes on from another candidate; what was shown stays."""

    from_: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    finish_reason: FinishReason
    usage: Usage


Event = Queued | Started | Text | Reasoning | ToolCall | Retry | Finished

# What commits a fallback: a user would see it, or it ends the answer.
Meaningful = Text | Reasoning | ToolCall | Finished
