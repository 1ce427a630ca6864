"""What a user is told of a fit: what was sent whole, what shortened, what not. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from chat.context.asking import Ready
from chat.context.compression import Made
from chat.context.rendering import Ranges, excerpt
from chat.gateway.request import ChatMessage
from chat.history import Line

MOST_SHOWN = 400  # messages whose kept sentences are remembered with an answer
TOLD = ("before", "after", "whole", "parts", "out", "unpinned", "summarised")


def messages_of(lines: Sequence[Line], ready: Ready) -> tuple[ChatMessage, ...]:
    """What is sent, in order."""
    return tuple(
        ChatMessage(role=piece.role, text=piece.text)  # type: ignore[arg-type]
        for piece in (piece if isinstance(piece, Made) else lines[piece] for piece in ready.fitted.pieces)
    )


def note_of(lines: Sequence[Line], ready: Ready) -> dict[str, Any] | None:
    """None where everything was sent. `ranges`: by message, the characters that were kept of it."""
    shortened = ready.fitted.shortened
    if shortened is None:
        return None
    kept = [(lines[place].id, spans) for place, spans in sorted(shortened.ranges.items())]
    ranges = {str(id): spans for id, spans in kept[-MOST_SHOWN:] if id is not None}
    found = {"vector": "kept"} if ready.vector_kept else {}
    return {"way": ready.way, **found, **{name: getattr(shortened, name) for name in TOLD}, "ranges": ranges}


def told(note: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the page hears at once; the sentences themselves it asks for."""
    return None if note is None else {name: note.get(name, 0) for name in ("way", *TOLD)}


class Stored(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def created_at(self) -> Any: ...


def passages(messages: Sequence[Stored], ranges: Mapping[str, Ranges]) -> list[dict[str, Any]]:
    """The sentences that were kept of older messages, in order."""
    return [
        {
            "message_id": str(message.id),
            "role": message.role,
            "created_at": message.created_at.isoformat(),
            "text": excerpt(message.text, tuple((a, b) for a, b in ranges[str(message.id)])),
        }
        for message in messages
        if str(message.id) in ranges
    ]
