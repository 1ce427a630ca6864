"""What a dialect is: pure translation between our vocabulary and one family of provider APIs.

A dialect does no input or output. `http.py` sends what `call()` built and feeds what comes back to
`reader()`, so that every dialect is tested with bytes alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import GatewayError
from chat.gateway.events import Event
from chat.gateway.request import ChatRequest


@dataclass(frozen=True, slots=True)
class HttpCall:
    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


class Reader(Protocol):
    """The state of one stream. However the bytes are cut, the events joined are the same."""

    #: Set once the stream has failed; `feed` then returns nothing more. Never raised by `feed`, so that
    #: what came before the failure in the same read is not lost.
    failure: GatewayError | None
    #: True once `Finished` was returned: nothing more needs to be read.
    done: bool

    def feed(self, data: bytes) -> Sequence[Event]:
        """Text, Reasoning, ToolCall and at last one Finished (its usage unpriced). Neighbouring pieces
        of text of one read are joined into one event."""
        ...

    def end(self) -> Sequence[Event]:
        """The bytes are over: what was pending (perhaps Finished), or `failure` is set to Truncated."""
        ...


class Dialect(Protocol):
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall: ...

    def reader(self, request: ChatRequest) -> Reader: ...

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """What an answer outside 2xx means. `headers` has lower-case names; the body is bounded, may be
        anything, and is never quoted to the user."""
        ...
