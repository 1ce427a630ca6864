"""What the fake provider was asked and what it really sent: the books a test compares with the product's."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: open: still running; complete: the script ran to its end; broken: it ended as its script wanted, badly;
#: left: the client closed before the script's end.
Outcome = Literal["open", "complete", "broken", "left"]


@dataclass(slots=True)
class Stream:
    """One request for an answer. `started` and `ended` are readings of `time.monotonic()` in seconds, which
    all processes of a machine share; `tokens` were written to the socket, reasoning included."""

    scenario: str
    prompt: str  # the last user message
    started: float
    streaming: bool = True
    tokens: int = 0
    outcome: Outcome = "open"
    ended: float | None = None
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # lower-case names
    changed: Callable[[], None] = field(default=lambda: None, repr=False)

    def sent(self, tokens: int) -> None:
        self.tokens += tokens
        self.changed()

    def as_dict(self) -> dict[str, Any]:
        """Without body and headers: those may hold keys, and the ledger is public on its port."""
        return {
            name: getattr(self, name)
            for name in ("scenario", "prompt", "started", "streaming", "tokens", "outcome", "ended")
        }


class Ledger:
    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.connections_open = 0
        self.connections_made = 0
        self._changed = asyncio.Event()

    @property
    def requests(self) -> int:
        return len(self.streams)

    @property
    def tokens(self) -> int:
        return sum(stream.tokens for stream in self.streams)

    @property
    def open(self) -> list[Stream]:
        return [stream for stream in self.streams if stream.outcome == "open"]

    @property
    def left(self) -> list[Stream]:
        """Streams that the client closed before their end: what "stop" must do upstream."""
        return [stream for stream in self.streams if stream.outcome == "left"]

    def of(self, scenario: str) -> list[Stream]:
        return [stream for stream in self.streams if stream.scenario == scenario]

    def clear(self) -> None:
        """Forget what has ended. Connections are counted on, for they are still there."""
        self.streams = self.open

    def changed(self) -> None:
        self._changed.set()

    async def until(self, true: Callable[["Ledger"], bool], within: float = 5) -> None:
        """Wait for a state of the books; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while not true(self):
                self._changed.clear()
                await self._changed.wait()

    def as_dict(self, streams: bool = True) -> dict[str, Any]:
        books: dict[str, Any] = {
            "requests": self.requests,
            "tokens": self.tokens,
            "open": len(self.open),
            "left": len(self.left),
            "connections_open": self.connections_open,
            "connections_made": self.connections_made,
        }
        if streams:
            books["streams"] = [stream.as_dict() for stream in self.streams]
        return books
