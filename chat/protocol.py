"""Every WebSocket frame, as frozen dataclasses: what a client may say and what it may hear.

`parse()` is the only way in: a client frame, or `BadFrame` with a sentence for the sender. `encode()` is
the only way out. docs/protocol.md holds the rules a client may rely on.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

import orjson

from chat import frame_reading as reading
from chat.frame_reading import (
    MAX_FRAME,
    MAX_INSTRUCTIONS,
    MAX_NAME,
    MAX_PREDICTED,
    MAX_TEXT,
    PREFERENCE,
    BadFrame,
    Said,
)


def _read(reader: Callable[[Any], Any], **default: Any) -> Any:
    return field(metadata={"read": reader}, **default)


# --- What a client may say ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Ask a question. The same `client_message_id` again never makes a second message."""

    client_message_id: str = _read(reading.string(64))
    text: str = _read(reading.string(MAX_TEXT))
    conversation_id: UUID | None = _read(reading.optional_uuid, default=None)
    model: str = _read(reading.string(MAX_NAME), default="auto")
    parent_id: UUID | None = _read(reading.optional_uuid, default=None)
    edits: UUID | None = _read(reading.optional_uuid, default=None)
    preference: float = _read(reading.preference, default=PREFERENCE)
    # For a conversation that begins, and for a temporary one: told to the model before everything else.
    instructions: str = _read(reading.string(MAX_INSTRUCTIONS, least=0), default="")
    temporary: bool = _read(reading.flag, default=False)
    history: tuple[Said, ...] = _read(reading.history, default=())  # of a temporary chat, oldest first
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regenerate:
    """Answer again, as a further version; `continue` begins it with the text the last one had."""

    message_id: UUID = _read(reading.uuid)
    model: str = _read(reading.string(MAX_NAME), default="auto")
    continue_: bool = _read(reading.flag, default=False)
    preference: float = _read(reading.preference, default=PREFERENCE)
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    generation_id: UUID = _read(reading.uuid)
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Send everything after frame `after` (0: from the start), then go on live."""

    generation_id: UUID = _read(reading.uuid)
    after: int = _read(reading.count, default=0)
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """How may this go on? Only the newest of a socket is answered."""

    text: str = _read(reading.string(MAX_PREDICTED, least=0))
    conversation_id: UUID | None = _read(reading.optional_uuid, default=None)
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the suggestions that were shown while a message was written, for each kind of them."""

    kinds: dict[str, dict[str, float]] = _read(reading.outcomes)
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A conversation was opened that had been fetched before; so many milliseconds were not waited for."""

    conversation_id: UUID = _read(reading.uuid)
    won_ms: int = _read(reading.count)
    id: str | int | None = _read(reading.echo, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    id: str | int | None = _read(reading.echo, default=None)


ClientFrame = Send | Regenerate | Stop | Resume | Predict | Outcome | Opened | Ping

CLIENT_FRAMES: dict[str, type[ClientFrame]] = {
    "chat.send": Send,
    "chat.regenerate": Regenerate,
    "chat.stop": Stop,
    "chat.resume": Resume,
    "predict": Predict,
    "predict.outcome": Outcome,
    "conversation.opened": Opened,
    "ping": Ping,
}


# Of each frame: a field's name on the wire and here, what reads it, and whether it must be there.
_SPELLED: dict[type[ClientFrame], list[tuple[str, str, Callable[[Any], Any], bool]]] = {
    frame: [
        (spec.name.rstrip("_"), spec.name, spec.metadata["read"], spec.default is MISSING)
        for spec in fields(frame)
    ]
    for frame in CLIENT_FRAMES.values()
}
_NAMES = {kind: name for name, kind in CLIENT_FRAMES.items()}


def name_of(frame: ClientFrame) -> str:
    return _NAMES[type(frame)]


def parse(raw: str) -> ClientFrame:
    """Read one text frame. Unknown fields are ignored, so that a newer page can talk to an older server."""
    if len(raw) > MAX_FRAME:
        raise BadFrame(f"The frame is larger than {MAX_FRAME // 1024} KB.", "too_long")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadFrame("The frame is not valid JSON.") from None
    if not isinstance(data, dict):
        raise BadFrame("The frame is not a JSON object.")
    echo = {}
    for name in ("id", "client_message_id"):
        try:
            echo[name] = reading.echo(data.get(name))
        except BadFrame:
            pass  # what cannot be read is not echoed
    kind = data.get("type")
    frame = CLIENT_FRAMES.get(kind) if isinstance(kind, str) else None
    if frame is None:
        raise BadFrame("The frame's type is unknown.", echo=echo)
    values = {}
    for name, attribute, read, needed in _SPELLED[frame]:
        if name in data:
            try:
                values[attribute] = read(data[name])
            except BadFrame as error:
                raise BadFrame(f"{name} {error.message}.", error.code, echo) from None
        elif needed:
            raise BadFrame(f"{name} is missing.", echo=echo)
    return frame(**values)


# --- What a client may hear ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFrame:
    """`type` is the frame's name; a field listed in `leave_out` is not sent while it is None."""

    type: ClassVar[str]
    leave_out: ClassVar[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(ServerFrame):
    type = "ready"
    user: dict[str, Any]
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(ServerFrame):
    """`message_id` is the saved question's; `generation_id` writes the answer to it."""

    type = "chat.accepted"
    leave_out = frozenset({"client_message_id", "id"})
    client_message_id: str | None
    conversation_id: UUID | None
    message_id: UUID
    generation_id: UUID
    id: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(ServerFrame):
    type = "chat.queued"
    generation_id: UUID
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(ServerFrame):
    type = "chat.start"
    leave_out = frozenset({"context"})
    generation_id: UUID
    seq: int
    provider: str
    model: str
    tier: str
    reason: str
    cached: str | None
    context: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta(ServerFrame):
    """Exactly one of `text` and `reasoning`."""

    type = "chat.delta"
    leave_out = frozenset({"text", "reasoning"})
    generation_id: UUID
    seq: int
    text: str | None = None
    reasoning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(ServerFrame):
    type = "chat.retry"
    generation_id: UUID
    seq: int
    from_: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(ServerFrame):
    type = "chat.done"
    generation_id: UUID
    seq: int
    message_id: UUID
    finish_reason: str
    usage: dict[str, Any]
    timing: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(ServerFrame):
    type = "chat.error"
    leave_out = frozenset({"client_message_id", "generation_id", "seq", "retry_after_s", "id"})
    code: str
    message: str
    client_message_id: str | int | None = None
    generation_id: UUID | None = None
    seq: int | None = None
    retry_after_s: float | None = None
    id: str | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUpdated(ServerFrame):
    """`message` is a new question and `answer` the message that answers it (ids only), so that the user's
    other tabs can draw both; the answer's generation follows with its own frames."""

    type = "conversation.updated"
    leave_out = frozenset(
        {"title", "updated_at", "deleted", "pinned", "archived"}
        | {"message", "answer", "generation_id", "marked"}
    )
    conversation_id: UUID
    title: str | None = None
    updated_at: str | None = None
    deleted: bool | None = None
    pinned: bool | None = None
    archived: bool | None = None
    message: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    generation_id: UUID | None = None
    marked: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageUpdate(ServerFrame):
    """How much of today is used: `{used, limit}` each, a limit of None for none."""

    type = "usage.update"
    plan: str
    requests: dict[str, Any]
    tokens: dict[str, Any]
    cost_usd: dict[str, Any]
    resets_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictResult(ServerFrame):
    """`suggestions`: {text, confidence, kind, replaces}, the most useful first; none is an answer too."""

    type = "predict.result"
    id: str | int | None
    suggestions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps(ServerFrame):
    """Questions that may follow the answer `message_id`, at most three."""

    type = "follow_ups"
    conversation_id: UUID
    message_id: UUID
    questions: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong(ServerFrame):
    type = "pong"
    id: str | int | None


SERVER_FRAMES: dict[str, type[ServerFrame]] = {
    frame.type: frame
    for frame in (
        Ready, Accepted, Queued, Start, Delta, Retry, Done, Error, ConversationUpdated, UsageUpdate,
        PredictResult, FollowUps, Pong,
    )
}  # fmt: skip


@cache
def _fields(kind: type[ServerFrame]) -> tuple[tuple[str, str, bool], ...]:
    """(attribute, name on the wire, whether None is left out); kept, because every piece of text asks."""
    return tuple((spec.name, spec.name.rstrip("_"), spec.name in kind.leave_out) for spec in fields(kind))


def as_dict(frame: ServerFrame) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": frame.type}
    for attribute, name, may_be_left_out in _fields(frame.__class__):  # type: ignore[arg-type]  # a class can be hashed
        value = getattr(frame, attribute)
        if value is not None or not may_be_left_out:
            shape[name] = value
    return shape


def encode(frame: ServerFrame) -> str:
    """One line of JSON (no raw line break can occur inside it)."""
    return orjson.dumps(as_dict(frame)).decode()
