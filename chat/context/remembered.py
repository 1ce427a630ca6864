"""What this worker process has read of the conversations it fitted last, so that a turn reads what is new.

Of every message a few numbers are read each time (length, count, pin, what has been worked out); texts,
digests and vectors only where those have changed. Whoever uses it compares the whole with the key of the
asking, which is of every character: a memory that is wrong is noticed there, and forgotten.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from chat.context.digest import Digest
from chat.history import BRANCH, PROMPT_COLUMNS, PROMPT_MESSAGES, PROMPT_TEXT, Line, prompt, prompt_line
from chat.models import Message

MOST = 6  # conversations
MOST_SIZE = 64_000_000  # bytes of all of them together, about
KEPT = 900.0  # seconds after it was used last: what is deleted is not remembered for long
MOST_NEW = 200  # messages that are read one by one

_MARKS = (
    BRANCH
    + """
SELECT message.id, LENGTH(message.text), message.tokens, message.counts, message.pinned, message.role,
    digest.vectors_of, summary.id
FROM chat_message message JOIN branch ON branch.id = message.id
LEFT JOIN chat_digest digest ON digest.message_id = message.id
LEFT JOIN chat_summary summary ON summary.message_id = message.id
ORDER BY branch.depth DESC
"""
)
_SOME = f"""
SELECT {PROMPT_COLUMNS}
FROM chat_message message
LEFT JOIN chat_digest digest ON digest.message_id = message.id
LEFT JOIN chat_summary summary ON summary.message_id = message.id
WHERE message.id IN (%s)
"""  # noqa: S608 - our own words


@dataclass(slots=True)
class Kept:
    """One message. `marks` is the row that the rest was read with."""

    marks: Sequence[Any]
    line: Line
    digest: Digest | None = None
    vectors: bytes = b""
    vectors_of: str = ""


@dataclass(slots=True)
class Read:
    """A branch, oldest first. `is_from_memory`: some of it was not read again."""

    kept: list[Kept]
    is_from_memory: bool = False

    @property
    def lines(self) -> list[Line]:
        return [one.line for one in self.kept]

    def by_id(self) -> dict[UUID | None, Kept]:
        return {one.line.id: one for one in self.kept}


@dataclass(slots=True)
class _Conversation:
    messages: dict[Any, Kept] = field(default_factory=dict)
    used_at: float = 0.0

    size: int = 0

    def weigh(self) -> None:
        """About: a digest takes twice as many bytes as its text has characters."""
        self.size = sum([3 * len(one.line.text) + len(one.vectors) for one in self.messages.values()])


_conversations: OrderedDict[str, _Conversation] = OrderedDict()
_later: threading.Timer | None = None  # forgets where no further fit does


def read(conversation_id: str, leaf_id: UUID) -> Read:
    """The branch down to `leaf_id`, as it is stored now."""
    now = time.monotonic()
    conversation = _conversations.pop(conversation_id, None) or _Conversation()
    marks = _marks(leaf_id)
    known = conversation.messages
    same = {row[0] for row in marks if row[0] in known and known[row[0]].marks == row}
    fresh = [row[0] for row in marks if row[0] not in same]
    if len(fresh) <= MOST_NEW:
        lines = _some(fresh)
    else:
        lines = dict(zip((row[0] for row in marks), prompt(leaf_id), strict=False))
        same = set()
    kept = [
        known[row[0]] if row[0] in same else Kept(row, lines[row[0]])
        for row in marks
        if row[0] in same or row[0] in lines
    ]
    conversation.messages.update((one.marks[0], one) for one in kept)
    conversation.used_at = now
    conversation.weigh()
    _conversations[conversation_id] = conversation
    _make_room(now)
    _look_later()
    return Read(kept, bool(same))


def forget(conversation_id: str) -> None:
    _conversations.pop(conversation_id, None)


def _make_room(now: float) -> None:
    size = sum(one.size for one in _conversations.values())
    for name, one in list(_conversations.items()):
        if len(_conversations) <= MOST and size <= MOST_SIZE and now - one.used_at <= KEPT:
            return
        size -= one.size
        _conversations.pop(name, None)


def _look_later() -> None:
    """A worker that has nothing to do forgets as well: one thread waits, whatever is remembered."""
    global _later
    if _later is None:
        _later = threading.Timer(KEPT, _look_again)
        _later.daemon = True
        _later.start()


def _look_again() -> None:
    global _later
    _later = None
    _make_room(time.monotonic())
    if _conversations:
        _look_later()


def _marks(leaf_id: UUID) -> list[Sequence[Any]]:
    leaf = Message._meta.pk.get_db_prep_value(leaf_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, [leaf, PROMPT_MESSAGES - 1, PROMPT_TEXT])
        return list(cursor.fetchall())


def _some(ids: Sequence[Any]) -> dict[Any, Line]:
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SOME % ", ".join(["%s"] * len(ids)), list(ids))
        return {row[0]: prompt_line(row) for row in cursor.fetchall()}
