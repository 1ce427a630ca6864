"""What `chat/exporting.py` wrote as JSON comes back. The file is foreign: it is read whole and found right
before anything of it is stored, and nothing in it names a row that exists (every id is made anew)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import search
from chat.conversations import INSTRUCTIONS_MOST, PINNED_MOST, TITLE_MOST
from chat.exporting import VERSION
from chat.gateway.counting import count_tokens
from chat.models import Conversation, Generation, Message
from grump.lib.ids import new_id
from grump.lib.rows import add

MOST_BYTES = 16 * 1024 * 1024
MOST_CONVERSATIONS = 2_000
MOST_MESSAGES = 20_000
MOST_TEXT = 500_000  # characters of one message
ROWS_AT_ONCE = 50
ENDED = {state.value for state in Generation.State} - {Generation.State.RUNNING}

T = TypeVar("T")


class BadFile(Exception):
    """The file cannot be imported. `code` is bad_file or too_large; the message is for whoever sent it."""

    def __init__(self, message: str, code: str = "bad_file") -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(slots=True)
class Told:
    """A conversation of the file, with new ids: parents stand before their children."""

    title: str
    titled_by_user: bool
    pinned: bool
    archived: bool
    instructions: str
    created_at: datetime
    updated_at: datetime
    leaf: UUID | None
    messages: list[dict[str, Any]] = field(default_factory=list)


def read(body: bytes) -> list[Told]:
    """Raises BadFile. Pure."""
    if len(body) > MOST_BYTES:
        raise BadFile(_("The file is larger than %d MB.") % (MOST_BYTES // 1024 // 1024), "too_large")
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadFile(_("The file is not valid JSON.")) from None
    if not isinstance(data, dict) or data.get("format") not in ("grump-export", "grump-conversation"):
        raise BadFile(_("The file was not exported from here as JSON."))
    if data.get("version") != VERSION:
        raise BadFile(_("The file is of a version that is not known here."))
    rows = _list(data, "conversations") if data["format"] == "grump-export" else [data]
    if len(rows) > MOST_CONVERSATIONS:
        raise BadFile(_("The file has more than %s conversations.") % f"{MOST_CONVERSATIONS:,}", "too_large")
    if sum(len(_list(row, "messages")) for row in map(_object, rows)) > MOST_MESSAGES:
        raise BadFile(_("The file has more than %s messages.") % f"{MOST_MESSAGES:,}", "too_large")
    return [_conversation(row) for row in rows]


def _conversation(row: dict[str, Any]) -> Told:
    title = " ".join(_text(row, "title", TITLE_MOST).split()) or "Imported"
    messages = [_message(_object(message)) for message in _list(row, "messages")]
    by_name = {message["name"]: message for message in messages}
    if len(by_name) < len(messages):
        raise BadFile(_("Two messages of a conversation have the same id."))
    shown = row.get("shown")
    if shown is not None and shown not in by_name:
        raise BadFile(_("The shown message of a conversation is not among its messages."))
    created = _time(row, "created_at")
    return Told(
        title=title,
        titled_by_user=_flag(row, "titled_by_user"),
        pinned=_flag(row, "pinned"),
        archived=_flag(row, "archived"),
        instructions=_text(row, "instructions", INSTRUCTIONS_MOST, ""),
        created_at=created,
        updated_at=_time(row, "updated_at", created),
        leaf=by_name[shown]["id"] if shown is not None else None,
        messages=list(_in_order(messages, by_name)),
    )


def _message(row: dict[str, Any]) -> dict[str, Any]:
    role = row.get("role")
    if role not in ("user", "assistant"):
        raise BadFile(_("A message is neither a question nor an answer."))
    name, parent = row.get("id"), row.get("parent_id")
    if not isinstance(name, str) or not isinstance(parent, str | None):
        raise BadFile(_("A message has no id."))
    message: dict[str, Any] = {
        "name": name,
        "parent": parent,
        "id": new_id(),
        "role": role,
        "text": _text(row, "text", MOST_TEXT),
        "created_at": _time(row, "created_at"),
    }
    if role == "assistant" and row.get("state") is not None:
        if row["state"] not in ENDED | {"running"}:
            raise BadFile(_("An answer's state is not known here."))
        message["generation"] = {
            # An answer under way when it was exported will never be finished here.
            "state": "interrupted" if row["state"] == "running" else row["state"],
            "model": _text(row, "model", 120, ""),
            "provider": _text(row, "provider", 60, ""),
            "reasoning": _text(row, "reasoning", MOST_TEXT, ""),
            "finish_reason": _text(row, "finish_reason", 20, ""),
        }
    return message


def _in_order(messages: list[dict[str, Any]], by_name: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Parents first. Raises BadFile where a parent is missing, or a message above itself."""
    placed: set[str] = set()
    for message in messages:
        chain: dict[str, dict[str, Any]] = {}
        while message["name"] not in placed:
            if message["name"] in chain:
                raise BadFile(_("A message follows itself."))
            chain[message["name"]] = message
            if message["parent"] is None:
                break
            if message["parent"] not in by_name:
                raise BadFile(_("A message follows one that is not in the file."))
            message = by_name[message["parent"]]
        placed.update(chain)
        yield from reversed(chain.values())


# --- One field -----------------------------------------------------------------------------------


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadFile(_("The file is not built as an export is."))
    return value


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    if not isinstance(value, list):
        raise BadFile(_("“%s” is missing, or is no list.") % name)
    return value


def _text(row: dict[str, Any], name: str, most: int, default: str | None = None) -> str:
    value = row.get(name, default)
    if not isinstance(value, str):
        raise BadFile(_("“%s” is missing, or is no text.") % name)
    if len(value) > most:
        raise BadFile(
            _("“%(name)s” is longer than %(most)s characters.") % {"name": name, "most": f"{most:,}"}
        )
    if "\0" in value:
        raise BadFile(_("“%s” contains a NUL character.") % name)
    return value


def _flag(row: dict[str, Any], name: str) -> bool:
    value = row.get(name, False)
    if type(value) is not bool:
        raise BadFile(_("“%s” is neither true nor false.") % name)
    return value


def _time(row: dict[str, Any], name: str, default: datetime | None = None) -> datetime:
    value: Any = row.get(name)
    if value is None and default is not None:
        return default
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise BadFile(_("“%s” is no time.") % name) from None


# --- Storing -------------------------------------------------------------------------------------


async def store(user_id: int, told: list[Told], in_database: Callable[..., Any], pinned: int = 0) -> int:
    """Store what was read; returns how many conversations. In small steps, so that nobody waits for a long
    transaction; and hidden (as deleted ones are, which the clean-up removes) until all of it is there."""
    hidden = timezone.now()
    rows: list[UUID] = []
    for one in told:
        keeps_pin = one.pinned and not one.archived and pinned < PINNED_MOST
        pinned += keeps_pin
        conversation = _row(user_id, one, hidden, keeps_pin)
        rows.append(conversation["id"])
        await in_database(add, Conversation, conversation)
        for start in range(0, len(one.messages), ROWS_AT_ONCE):
            await in_database(_store_messages, conversation, one.messages[start : start + ROWS_AT_ONCE], one)
    for start in range(0, len(rows), 500):
        await in_database(_show, user_id, rows[start : start + 500])
    return len(rows)


def _show(user_id: int, ids: list[UUID]) -> None:
    Conversation.objects.filter(owner=user_id, id__in=ids).update(deleted_at=None)


def _row(user_id: int, one: Told, hidden: datetime, pinned: bool) -> dict[str, Any]:
    # Never ahead of now: it would stand above all that is asked later.
    return {
        "id": new_id(),
        "owner_id": user_id,
        "title": one.title,
        "titled_by_user": one.titled_by_user,
        "instructions": one.instructions,
        "pinned": pinned,
        "archived_at": hidden if one.archived else None,
        "leaf_id": one.leaf,
        "created_at": min(one.created_at, hidden),
        "updated_at": min(one.updated_at, hidden),
        "deleted_at": hidden,
    }


def _store_messages(conversation: dict[str, Any], messages: list[dict[str, Any]], one: Told) -> None:
    owner_id = conversation["owner_id"]
    ids = {message["name"]: message["id"] for message in one.messages}
    rows = [
        {
            "id": message["id"],
            "conversation_id": conversation["id"],
            "owner_id": owner_id,
            "parent_id": ids[message["parent"]] if message["parent"] is not None else None,
            "role": message["role"],
            "text": message["text"],
            "tokens": count_tokens(message["text"]),
            "created_at": min(message["created_at"], conversation["deleted_at"]),
        }
        for message in messages
    ]
    add(Message, *rows)
    made = [
        {
            "owner_id": owner_id,
            "message_id": message["id"],
            "heartbeat_at": conversation["created_at"],
            "ended_at": message["created_at"],
            **message["generation"],
        }
        for message in messages
        if "generation" in message
    ]
    if made:
        add(Generation, *made)
    search.index(*(Message(id=row["id"], owner_id=owner_id, text=row["text"]) for row in rows))
