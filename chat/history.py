"""What is stored of a conversation: ending a turn, and reading a branch back. Turns begin in opening.py.

Synchronous, one transaction a function; callers on the event loop go through `in_database`. Every look-up
begins at the owner, so that somebody else's id raises `NotFound` exactly as a missing one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils import timezone

from chat import checkpoints, search
from chat.gateway.counting import count_tokens
from chat.journal import replay
from chat.models import Conversation, Generation, Message
from chat.protocol import encode
from grump.lib.rows import change, kept_id, row, rows_of
from usage import quota

BRANCH_LIMIT = 200  # messages that a page begins with
# How far back an answer can see: messages, and characters of theirs. Bounds a turn's memory.
PROMPT_MESSAGES = 5_000
PROMPT_TEXT = 4_000_000


class NotFound(Exception):
    """No such row, or not this user's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the prompt. `tokens` is estimated, `counts` are exact, by tokenizer family. `embedded`
    and `summarised` say what has been worked out from it: chat/context."""

    role: str
    text: str
    tokens: int = 0
    id: UUID | None = None
    at: datetime | None = None
    pinned: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    embedded: bool = False
    summarised: bool = False


# --- Ending a turn ------------------------------------------------------------------------------


def end_generation(
    generation_id: UUID, state: Generation.State, text: str, *, in_parts: bool = True, **values: Any
) -> bool:
    """Store the answer and its outcome; False if something else has ended it first. `values` are
    columns of the generation; `in_parts` says that checkpoints may have stored it too.

    One guarded update decides between the turn itself and a reaper that took its process for dead.
    """
    now = timezone.now()
    outcome = {"state": state, "ended_at": now, "heartbeat_at": now, **values}
    with transaction.atomic():
        running = [kept_id(generation_id), Generation.State.RUNNING.value]
        ended = change(Generation, outcome, "id = %s AND state = %s", running, "message_id, owner_id")
        if ended is None:
            return False
        answer_id, owner_id = ended
        question_id, question = row(_ANSWERED, [text, count_tokens(text), answer_id]) or (None, None)
        # The answer and its question can be searched from now on.
        search.enter(owner_id, (question_id, question), (answer_id, text))
        if in_parts:
            checkpoints.drop(generation_id)
        pay(generation_id, state, values)
    return True


# Written out, as they run for every message (grump/lib/rows.py says why).
_ANSWERED = """
UPDATE chat_message SET text = %s, tokens = %s WHERE id = %s
RETURNING parent_id, (SELECT above.text FROM chat_message above WHERE above.id = chat_message.parent_id)
"""


def pay(generation_id: UUID, state: Generation.State, values: Mapping[str, Any]) -> None:
    """The bill, in the transaction that stores the answer. Who failed before a word pays nothing."""
    spent = quota.Spent(
        input_tokens=values.get("input_tokens", 0),
        output_tokens=values.get("output_tokens", 0),
        cost_microusd=values.get("cost_microusd", 0),
        provider=values.get("provider", ""),
        model=values.get("model", ""),
        cached=values.get("cached", ""),
        house_microusd=values.get("cost_microusd", 0) + values.get("extra_microusd", 0),
    )
    if state in (Generation.State.FAILED, Generation.State.INTERRUPTED) and not spent.output_tokens:
        quota.release(generation_id)
    else:
        quota.settle(generation_id, spent)


# --- Looking up and reading back -----------------------------------------------------------------


def conversation_of(user_id: int, conversation_id: UUID) -> Conversation:
    try:
        return Conversation.objects.get(owner=user_id, id=conversation_id, deleted_at=None)
    except ObjectDoesNotExist:
        raise NotFound from None


def generation_of(user_id: int, generation_id: UUID) -> Generation:
    """The user's generation with its message, and with what checkpoints have of it while it runs."""
    try:
        generation = Generation.objects.select_related("message").get(owner=user_id, id=generation_id)
    except ObjectDoesNotExist:
        raise NotFound from None
    checkpoints.read_into([generation])
    return generation


def stored_frames(generation: Generation, after: int = 0) -> list[str]:
    """The encoded frames of a generation after number `after`, from storage."""
    length = len(generation.journal)
    # A process that died may have sent frames that were never stored, and the reaper's closing frame then
    # bears a number that the reader has had: begin anew.
    if after > length or (after == length and generation.state == Generation.State.INTERRUPTED):
        after = 0
    text, reasoning = generation.message.text, generation.reasoning
    return [encode(frame) for frame in replay(generation.id, generation.journal, text, reasoning, after)]


def ended_among(ids: Sequence[UUID]) -> list[Generation]:
    """Those of `ids` that have ended, with their messages."""
    done = Generation.objects.filter(id__in=ids).exclude(state=Generation.State.RUNNING)
    return list(done.select_related("message"))


def ask_to_stop(user_id: int, generation_id: UUID) -> Generation:
    """Note the wish where the process that runs it will find it, even if nobody can reach it."""
    generation = generation_of(user_id, generation_id)
    if generation.state == Generation.State.RUNNING:
        Generation.objects.filter(id=generation_id, state=Generation.State.RUNNING).update(
            stop_requested=True
        )
    return generation


# Walks up until there are enough messages, or enough of their text.
BRANCH = """
WITH RECURSIVE branch (id, parent_id, depth, size) AS (
    SELECT id, parent_id, 0, LENGTH(text) FROM chat_message WHERE id = %s
    UNION ALL
    SELECT above.id, above.parent_id, branch.depth + 1, branch.size + LENGTH(above.text)
    FROM chat_message above JOIN branch ON above.id = branch.parent_id
    WHERE branch.depth < %s AND branch.size < %s
)
"""
PROMPT_COLUMNS = """message.id, message.role, message.text, message.tokens, message.counts, message.pinned,
    message.created_at, digest.vectors_of, summary.id"""
_PROMPT = f"""{BRANCH}
SELECT {PROMPT_COLUMNS}
FROM chat_message message JOIN branch ON branch.id = message.id
LEFT JOIN chat_digest digest ON digest.message_id = message.id
LEFT JOIN chat_summary summary ON summary.message_id = message.id
ORDER BY branch.depth DESC
"""  # noqa: S608 - our own words


def prompt(leaf_id: UUID) -> list[Line]:
    """What an answer to `leaf_id` can see, oldest first: the messages down to it, as far back as the limits
    allow. One query, and no model objects: they would cost more than reading the texts."""
    leaf = kept_id(leaf_id)
    return [prompt_line(found) for found in rows_of(_PROMPT, [leaf, PROMPT_MESSAGES - 1, PROMPT_TEXT])]


def prompt_line(row: Sequence[Any]) -> Line:
    """Of a row of PROMPT_COLUMNS."""
    id, role, text, tokens, counts, pinned, at, vectors_of, summary_id = row
    return Line(
        role,
        text,
        tokens or count_tokens(text),  # 0: from before they were counted, or of an answer under way
        id if isinstance(id, UUID) else UUID(id),
        # SQLite keeps times as text, without their zone, which is always UTC.
        at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC),
        bool(pinned),
        orjson.loads(counts) if isinstance(counts, str) else counts,
        bool(vectors_of),
        summary_id is not None,
    )


_BRANCH = """
WITH RECURSIVE branch (id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM chat_message WHERE id = %s
    UNION ALL
    SELECT above.id, above.parent_id, branch.depth + 1
    FROM chat_message above JOIN branch ON above.id = branch.parent_id
    WHERE branch.depth < %s
)
SELECT chat_message.* FROM chat_message JOIN branch ON branch.id = chat_message.id ORDER BY branch.depth DESC
"""


def branch(leaf_id: UUID, limit: int = BRANCH_LIMIT) -> list[Message]:
    """The messages from the root (or `limit` messages back) down to `leaf_id`, oldest first.

    Walks up from the leaf by primary key: the cost is the branch's length, not the conversation's size.
    """
    leaf = kept_id(leaf_id)
    return list(Message.objects.raw(_BRANCH, [leaf, limit - 1]))
