"""A conversation as a file, or all of one's conversations. Pure: rows in, text out.

Markdown is for reading: the branch that is shown. JSON is for keeping: every message of every branch, in a
format whose version says how it is read.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from chat.models import Conversation, Message

VERSION = 1
_NAMES = {"user": "You", "assistant": "Answer", "system": "System"}


def as_markdown(conversation: Conversation, branch: Sequence[Message]) -> str:
    parts = [f"# {conversation.title}"]
    for message in branch:
        if not message.text:
            continue
        made = getattr(message, "generation", None)
        by = f" ({made.model})" if made is not None and made.model else ""
        when = message.created_at.strftime("%Y-%m-%d %H:%M UTC")
        parts.append(f"## {_NAMES.get(message.role, message.role)}{by}, {when}\n\n{message.text.strip()}")
    return "\n\n".join(parts) + "\n"


def as_json(conversation: Conversation, messages: Iterable[Message]) -> dict[str, Any]:
    return {
        "format": "grump-conversation",
        "version": VERSION,
        "title": conversation.title,
        "created_at": conversation.created_at.isoformat(),
        "updated_at": conversation.updated_at.isoformat(),
        "titled_by_user": conversation.titled_by_user,
        "pinned": conversation.pinned,
        "archived": conversation.archived_at is not None,
        "instructions": conversation.instructions,
        "shown": str(conversation.leaf_id) if conversation.leaf_id else None,
        "messages": [_message(message) for message in messages],
    }


def _message(message: Message) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": str(message.id),
        "parent_id": str(message.parent_id) if message.parent_id else None,
        "role": message.role,
        "text": message.text,
        "created_at": message.created_at.isoformat(),
    }
    made = getattr(message, "generation", None)
    if made is not None:
        shape |= {
            "model": made.model,
            "provider": made.provider,
            "state": made.state,
            "reasoning": made.reasoning,
            "finish_reason": made.finish_reason,
        }
    return shape


def file_name(title: str, ending: str) -> str:
    """Of letters, digits and hyphens alone: no title can name a path or a header."""
    plain = re.sub(r"[^\w]+", "-", title, flags=re.UNICODE).strip("-_")[:60] or "conversation"
    return f"{plain}.{ending}"


# --- All of them, a conversation at a time ------------------------------------------------------


class JsonExport:
    """One JSON document: `{"format": "grump-export", "version", "conversations": […]}`."""

    file_name, content_type = "conversations.json", "application/json"

    def __init__(self) -> None:
        self._comma = b""

    def begin(self) -> bytes:
        return b'{"format":"grump-export","version":%d,"conversations":[' % VERSION

    def add(self, conversation: Conversation, messages: Sequence[Message], shown: Sequence[Message]) -> bytes:
        piece = self._comma + b"\n" + orjson.dumps(as_json(conversation, messages))
        self._comma = b","
        return piece

    def end(self) -> bytes:
        return b"\n]}\n"


class MarkdownExport:
    """A zip of Markdown files, numbered, so that no two titles come to the same name."""

    file_name, content_type = "conversations.zip", "application/zip"

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)
        self._number = 0

    def begin(self) -> bytes:
        return b""

    def add(self, conversation: Conversation, messages: Sequence[Message], shown: Sequence[Message]) -> bytes:
        self._number += 1
        name = f"{self._number:04d}-{file_name(conversation.title, 'md')}"
        self._zip.writestr(name, as_markdown(conversation, shown))
        return self._sink.take()

    def end(self) -> bytes:
        self._zip.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """What is written is taken away at once: the zip never lies in memory as a whole. It cannot seek, which
    zipfile takes into account."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def branch_of(leaf: Any, messages: Iterable[Message]) -> list[Message]:
    """From the root down to `leaf`; empty where there is none."""
    by_id = {message.id: message for message in messages}
    found: list[Message] = []
    while leaf in by_id and len(found) < len(by_id):
        found.append(by_id[leaf])
        leaf = by_id[leaf].parent_id
    return found[::-1]
