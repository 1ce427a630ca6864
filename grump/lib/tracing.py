"""Spans without the SDK: calls that do nothing until grump/operations/tracing.py has put a tracer in.

A span does not become the current one by being begun: async generators share their caller's context, and one
that set it would change it for whoever reads the stream. `within` does, for a plain block.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, Protocol

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | bool | int | float | list[str]


class Span(Protocol):
    def set(self, name: str, value: Value) -> None: ...

    def fail(self, code: str) -> None:
        """`code` is one of ours: what a library says may hold a text or a key."""

    def end(self) -> None: ...


class Tracer(Protocol):
    def begin(self, name: str, kind: Kind, attributes: Mapping[str, Value], parent: Any) -> Span: ...

    def parent_of(self, span: Span) -> Any:
        """What `begin` takes as parent for the children of `span`."""

    def carrier(self, parent: Any) -> dict[str, str]: ...

    def adopted(self, carrier: Mapping[str, str]) -> Any: ...


class _Nothing:
    def set(self, name: str, value: Value) -> None: ...

    def fail(self, code: str) -> None: ...

    def end(self) -> None: ...


NOTHING: Span = _Nothing()
_tracer: Tracer | None = None
_parent: ContextVar[Any] = ContextVar("parent span", default=None)


def install(tracer: Tracer | None) -> None:
    global _tracer
    _tracer = tracer


def begin(name: str, kind: Kind = "internal", attributes: Mapping[str, Value] | None = None) -> Span:
    """A child of the current span; it has to be ended."""
    if _tracer is None:
        return NOTHING
    return _tracer.begin(name, kind, attributes or {}, _parent.get())


@contextmanager
def within(span: Span) -> Iterator[Span]:
    """Make it the current span, for this block and the tasks that it starts; ended with the block."""
    if _tracer is None or span is NOTHING:
        yield span
        return
    token = _parent.set(_tracer.parent_of(span))
    try:
        yield span
    except Exception as error:
        span.fail(type(error).__name__)
        raise
    finally:
        _parent.reset(token)
        span.end()


def carrier() -> dict[str, str]:
    """The current span as headers of a message (W3C trace context); empty where nothing is traced."""
    return {} if _tracer is None else _tracer.carrier(_parent.get())


def begin_from(name: str, carried: Mapping[str, str], attributes: Mapping[str, Value] | None = None) -> Span:
    """A span of whoever takes the message."""
    if _tracer is None:
        return NOTHING
    return _tracer.begin(name, "consumer", attributes or {}, _tracer.adopted(carried))
