"""The reader every dialect shares: frames to JSON, neighbouring text joined, failures kept apart.

A dialect's reader writes `take()` for the shape its provider documents. A payload of another shape fails
there with a KeyError or TypeError, and that *is* the finding: bytes that are not the dialect. So hostile
bytes cost the hot path no checks, and never raise out of `feed`.
"""

import json
from collections.abc import Sequence
from typing import Any

import orjson

from chat.gateway.errors import GarbledStream, GatewayError, Truncated
from chat.gateway.events import Event, Finished, FinishReason, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.framing import Frame, Framing
from chat.gateway.providers.prefill import Echo

_MISFIT = (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError)


class StreamReader:
    """A `dialect.Reader`. `terminal` is the payload that ends the stream where it is not JSON."""

    terminal = b""

    def __init__(self, framing: Framing, shown: str = "") -> None:
        """`shown` is text the provider may repeat before it goes on; it is taken away (prefill.py)."""
        self.failure: GatewayError | None = None
        self.done = False
        self._framing = framing
        self._echo = Echo(shown) if shown else None
        self._events: list[Event] = []
        self._parts: list[str] = []
        self._kind: type[Text] | type[Reasoning] = Text

    # What http.py calls.

    def feed(self, data: bytes) -> Sequence[Event]:
        if self.done or self.failure is not None:
            return ()
        self._read(self._framing.feed(data))
        if self._framing.broken and not self.done and self.failure is None:
            self.fail(GarbledStream(f"The provider sent {self._framing.broken}."))
        return self._flush()

    def end(self) -> Sequence[Event]:
        if self.done or self.failure is not None:
            return ()
        frames = self._framing.end()
        # Cut off in the middle of an event: it is the end that is missing, the bytes are not garbled.
        self._read([frame for frame in frames if _is_whole(frame[1]) or frame[1] == self.terminal])
        if not self.done and self.failure is None:
            self.ended()
        if not self.done and self.failure is None:
            self.failure = Truncated("The provider's answer broke off before its end.")
        return self._flush()

    # What a dialect writes.

    def take(self, name: str, payload: dict[str, Any]) -> None:
        raise NotImplementedError

    def terminated(self) -> None:
        """`terminal` has come."""

    def ended(self) -> None:
        """The bytes are over and nothing finished the answer: call `finish()` if that is allowed here."""

    # What a dialect calls.

    def text(self, piece: str) -> None:
        if self._echo is not None:
            piece = self._echo.strip(piece)
            if self._echo.over:
                self._echo = None
        if piece:
            self._add(Text, piece)

    def reasoning(self, piece: str) -> None:
        if piece:
            self._add(Reasoning, piece)

    def tool_call(self, index: int, id: str | None, name: str | None, arguments: str | None) -> None:
        if index.__class__ is not int:
            raise TypeError("an index that is no number")
        self._join()
        self._events.append(ToolCall(index, _string(id), _string(name), _string(arguments)))

    def finish(self, reason: FinishReason, usage: Usage | None) -> None:
        """`usage` None: the provider said nothing; the event then carries zeros marked as estimated, for
        whoever counts."""
        if self._echo is not None:
            held, self._echo = self._echo.held, None
            if held:
                self._add(Text, held)
        self._join()
        self._events.append(Finished(reason, usage or Usage(estimated=True)))
        self.done = True

    def fail(self, failure: GatewayError) -> None:
        self.failure = failure

    # Within.

    def _read(self, frames: list[Frame]) -> None:
        for name, raw in frames:
            if not raw:
                continue
            if raw == self.terminal:
                self.terminated()
            else:
                try:
                    self.take(name, _parsed(raw))
                except _MISFIT:
                    self.fail(GarbledStream("The provider sent something that is not an answer."))
            if self.done or self.failure is not None:
                return

    def _add(self, kind: type[Text] | type[Reasoning], piece: str) -> None:
        if piece.__class__ is not str:
            raise TypeError("text that is no string")
        if kind is not self._kind:
            self._join()
            self._kind = kind
        self._parts.append(piece)

    def _join(self) -> None:
        if self._parts:
            self._events.append(self._kind("".join(self._parts)))
            self._parts = []

    def _flush(self) -> Sequence[Event]:
        self._join()
        events, self._events = self._events, []
        return events


def count(value: object) -> int:
    """A provider's number of tokens; 0 for anything that is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _string(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise TypeError("a string was due")


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        payload = orjson.loads(raw)
    except orjson.JSONDecodeError:
        payload = _leniently_parsed(raw)
    if payload.__class__ is not dict:
        raise TypeError("a JSON object was due")
    return payload


def _leniently_parsed(raw: bytes) -> Any:
    """JSON as Python's and JavaScript's servers write it, where orjson is strict: NaN, half a surrogate
    pair, a broken UTF-8 byte. One broken character (shown as U+FFFD) is not a broken answer."""
    text = json.dumps(json.loads(raw.decode("utf-8", "replace")), ensure_ascii=False)
    return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def _is_whole(raw: bytes) -> bool:
    try:
        _parsed(raw)
    except _MISFIT:
        return False
    return True
