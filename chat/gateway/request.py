"""A question to the gateway, free of any provider's spelling, and the shape of a ring."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from chat.gateway.events import Event

Role = Literal["system", "user", "assistant", "tool"]
Priority = Literal["interactive", "regenerate", "api", "background"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: Role
    text: str
    # What only /v1 sends, in OpenAI's shape, passed through where the model has the capability:
    # content parts (images), tool_calls, tool_call_id, name.
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """`deadline` is a reading of the event loop's clock (`loop.time()`) that every attempt shares;
    None means the catalogue's total for the provider. `prefill` is text of the answer that already
    exists: the stream yields only what follows it. `party` is an opaque key of whoever asks (fairness,
    joining, cache partition); it is never sent to a provider. `preference` is for "auto" alone: from 0,
    cheaper, to 1, better. `allowed` are the names of the models that may answer, and `tiers` their tiers; of
    either none is all."""

    messages: tuple[ChatMessage, ...]
    model: str = "auto"
    max_output: int | None = None
    temperature: float | None = None
    prefill: str = ""
    priority: Priority = "interactive"
    party: str = ""
    fresh: bool = False  # True: go round the caches and join nobody ("ask again")
    deadline: float | None = None
    preference: float = 0.5
    allowed: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    personal: bool = False  # True: made of what is known about this person; its answer is never kept
    extra: Mapping[str, Any] = field(default_factory=dict)  # further OpenAI parameters, from /v1


class Ring(Protocol):
    def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Yield the answer's events; raise a GatewayError where there is none. Closing the iterator
        (`aclose`) closes everything upstream of it."""
        ...
