"""A conversation as a file. Pure: rows in, text out.

Markdown is for reading: the branch that is shown. JSON is for keeping: every message of every branch, in a
format whose version says how it is read.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

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
        shape |= {"model": made.model, "provider": made.provider, "state": made.state}
    return shape


def file_name(title: str, ending: str) -> str:
    """Of letters, digits and hyphens alone: no title can name a path or a header."""
    plain = re.sub(r"[^\w]+", "-", title, flags=re.UNICODE).strip("-_")[:60] or "conversation"
    return f"{plain}.{ending}"
