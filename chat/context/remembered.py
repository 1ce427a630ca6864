"""What this worker process has read of the conversations it fitted last, so that a turn reads what is new.

Looked at are either the newest messages, down to one that was there the last time, or of every message a few
numbers (length, count, pin, what has been worked out); texts, digests and vectors only where those have
changed. Whoever uses it compares the whole with the key of the asking, which is of every character: a memory
that is wrong is noticed there, and looked at again or forgotten.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from chat.context import plans
from chat.context.digest import Digest
from chat.context.plans import BLOCK
from chat.context.stacked import Stacked
from chat.history import BRANCH, PROMPT_COLUMNS, PROMPT_MESSAGES, PROMPT_TEXT, Line, prompt, prompt_line
from chat.models import Message

MOST = 6  # conversations
MOST_SIZE = 64_000_000  # bytes of all of them together, about
KEPT = 900.0  # seconds after it was used last: what is deleted is not remembered for long
MOST_NEW = 200  # messages that are read one by one
MOST_FAMILIES = 4  # sorts of counts that are kept of one conversation
NEWEST = 24  # messages that are looked at where the rest is taken for what it was

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
class Counted:
    """A branch's lines with their tokens for some models, and the hashes of their blocks."""

    lines: list[Line] = field(default_factory=list)
    blocks: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class _Conversation:
    messages: dict[Any, Kept] = field(default_factory=dict)  # of all branches that were asked about
    branch: list[Kept] = field(default_factory=list)  # the last one, oldest first, but what has no text
    counted: dict[tuple[str, ...], Counted] = field(default_factory=dict)  # of `branch`
    stacked: Stacked = field(default_factory=Stacked)
    owner: str = ""
    used_at: float = 0.0
    size: int = 0
    characters: int = 0

    def weigh(self) -> None:
        """About: a digest takes twice as many bytes as its text has characters."""
        self.characters = sum([len(one.line.text) for one in self.messages.values()])
        vectors = sum([len(one.vectors) for one in self.messages.values()])
        self.size = 3 * self.characters + vectors + self.stacked.size()

    def turn_to(self, branch: list[Kept]) -> None:
        """What was put together of the lines that are still the same ones stays."""
        pairs = zip(self.branch, branch, strict=False)
        same = next((at for at, (a, b) in enumerate(pairs) if a is not b), min(len(self.branch), len(branch)))
        for one in self.counted.values():
            del one.lines[same:]
            del one.blocks[same // BLOCK :]
        self.branch = branch


@dataclass(slots=True)
class Read:
    """A branch, oldest first, but what has no text. `is_from_memory`: some of it was not read again;
    `is_quick`: and most of it was not even looked at."""

    conversation: _Conversation
    kept: list[Kept]
    is_from_memory: bool = False
    is_quick: bool = False

    @property
    def lines(self) -> list[Line]:
        return [one.line for one in self.kept]

    def counted(self, families: Sequence[str]) -> Counted:
        known = self.conversation.counted
        one = known.get(tuple(families)) or Counted()
        if len(known) >= MOST_FAMILIES:
            known.clear()
        known[tuple(families)] = one
        one.lines += plans.counted([kept.line for kept in self.kept[len(one.lines) :]], families)
        return one


_conversations: OrderedDict[str, _Conversation] = OrderedDict()
_later: threading.Timer | None = None  # forgets where no further fit does


def read(conversation_id: str, leaf_id: UUID, quickly: bool = False) -> Read:
    """The branch down to `leaf_id`, as it is stored now. `quickly`: only its newest messages are looked at,
    if they follow one that is remembered."""
    now = time.monotonic()
    conversation = _conversations.pop(conversation_id, None) or _Conversation()
    kept = _newest(conversation, leaf_id) if quickly and conversation.branch else None
    is_quick = kept is not None
    is_from_memory = is_quick
    if kept is None:
        kept, is_from_memory = _all(conversation, leaf_id)
    conversation.turn_to([one for one in kept if one.line.text])
    conversation.used_at = now
    conversation.weigh()
    _conversations[conversation_id] = conversation
    _make_room(now)
    _look_later()
    return Read(conversation, conversation.branch, is_from_memory, is_quick)


def _all(conversation: _Conversation, leaf_id: UUID) -> tuple[list[Kept], bool]:
    """And whether some of it was not read again."""
    marks = _marks(leaf_id, PROMPT_MESSAGES)
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
    known.update((one.marks[0], one) for one in kept)
    return kept, bool(same)


def _newest(conversation: _Conversation, leaf_id: UUID) -> list[Kept] | None:
    """None where they do not follow anything that is remembered, or the limits of a prompt are near."""
    branch, known = conversation.branch, conversation.messages
    if len(known) + NEWEST > PROMPT_MESSAGES or conversation.characters >= PROMPT_TEXT:
        return None
    marks = _marks(leaf_id, NEWEST)
    first = max(0, len(branch) - 4 * NEWEST)
    places = {one.marks[0]: first + at for at, one in enumerate(branch[first:])}
    joint = next((at for at, row in enumerate(marks) if row[0] in places), None)
    if joint is None:
        return None
    newest = marks[joint:]
    fresh = [row[0] for row in newest if row[0] not in known or known[row[0]].marks != row]
    lines = _some(fresh)
    if len(lines) < len(fresh):
        return None  # gone, between two looks
    known.update((row[0], Kept(row, lines[row[0]])) for row in newest if row[0] in lines)
    return branch[: places[newest[0][0]]] + [known[row[0]] for row in newest]


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


def _marks(leaf_id: UUID, most: int) -> list[Sequence[Any]]:
    leaf = Message._meta.pk.get_db_prep_value(leaf_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, [leaf, most - 1, PROMPT_TEXT])
        return list(cursor.fetchall())


def _some(ids: Sequence[Any]) -> dict[Any, Line]:
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SOME % ", ".join(["%s"] * len(ids)), list(ids))
        return {row[0]: prompt_line(row) for row in cursor.fetchall()}
