"""Searching the texts of one's messages: one interface, written for each of the two databases.

SQLite has a full-text table (FTS5) beside the messages, PostgreSQL a column with an index (GIN). A message is
indexed when its answer ends, in the same transaction, and leaves the index with its row. What is typed is
words: no sign in it means anything to either database.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from chat.models import Indexed, Message
from grump.lib.rows import row, run

MOST_FOUND = 30
MOST_WORDS = 8
MOST_TEXT = 100_000  # characters of a message that are indexed
# Around what matched, in a snippet; no text has them (they are control characters, and removed from it).
HIT, END = "\x02", "\x03"
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Found:
    """`snippet`: pieces of the text around what matched; True says that a piece matched."""

    conversation_id: UUID
    title: str
    message_id: UUID
    role: str
    created_at: datetime
    snippet: list[tuple[str, bool]]


def words_of(query: str) -> list[str]:
    return _WORD.findall(query.replace("_", " "))[:MOST_WORDS]


_ENTER_SQLITE = """
INSERT INTO chat_indexed (message_id, owner_id) VALUES (%s, %s)
ON CONFLICT (message_id) DO NOTHING RETURNING id
"""
_ENTER_POSTGRESQL = """
INSERT INTO chat_indexed (message_id, owner_id, words) VALUES (%s, %s, to_tsvector('simple', %s))
ON CONFLICT (message_id) DO NOTHING
"""


def index(*messages: Message) -> None:
    """Those that are not in the index yet, and say something."""
    for message in messages:
        id = message._meta.pk.get_db_prep_value(message.pk, connection)
        enter(message.owner_id, (id, message.text))


def enter(owner_id: int, *messages: tuple[Any, str | None]) -> None:
    """The same, of messages that are there as rows: each its id, as the database keeps ids, and its text. A
    text does not change any more when its turn has ended."""
    on_sqlite = connection.vendor == "sqlite"
    for id, said in messages:
        if not said:
            continue
        text = _clean(said)[:MOST_TEXT]
        if not on_sqlite:
            run(_ENTER_POSTGRESQL, [id, owner_id, text])
        elif entry := row(_ENTER_SQLITE, [id, owner_id]):
            run(
                "INSERT INTO chat_search (rowid, text, owner) VALUES (%s, %s, %s)",
                [entry[0], text, _owner_word(owner_id)],
            )


def index_all() -> int:
    """What is missing from the index, as after a restore; returns how many messages."""
    indexed = Exists(Indexed.objects.filter(message=OuterRef("pk")))
    missing = Message.objects.filter(~indexed).exclude(text="").exclude(generation__state="running")
    count = 0
    while batch := list(missing.order_by("created_at")[:500]):
        index(*batch)
        count += len(batch)
    return count


def search(user_id: int, query: str, limit: int = MOST_FOUND) -> list[Found]:
    """The newest messages that have every word, the last one as a beginning. One query."""
    words = words_of(query)
    if not words:
        return []
    sql, values = _sqlite(user_id, words) if connection.vendor == "sqlite" else _postgresql(user_id, words)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, limit])
        return [_found(row) for row in cursor.fetchall()]


# CROSS JOIN, in SQLite: the texts are looked up first, newest first, and no more of them than are wanted.
_ROWS = """
SELECT conversation.id, conversation.title, message.id, message.role, message.created_at, {snippet}
FROM {source}
{join} chat_message message ON message.id = entry.message_id
{join} chat_conversation conversation ON conversation.id = message.conversation_id
WHERE {matches} AND conversation.deleted_at IS NULL
ORDER BY {newest} DESC LIMIT %s
"""


def _sqlite(user_id: int, words: Sequence[str]) -> tuple[str, list[Any]]:
    *whole, last = words
    terms = [f'"{word}"' for word in whole] + [f'"{last}"*']
    asked = f"owner : {_owner_word(user_id)} AND text : ({' AND '.join(terms)})"
    sql = _ROWS.format(
        snippet="snippet(chat_search, 0, %s, %s, '…', 16)",
        join="CROSS JOIN",
        newest="chat_search.rowid",
        source="chat_search CROSS JOIN chat_indexed entry ON entry.id = chat_search.rowid",
        matches="chat_search MATCH %s AND entry.owner_id = %s",
    )
    return sql, [HIT, END, asked, user_id]


def _postgresql(user_id: int, words: Sequence[str]) -> tuple[str, list[Any]]:
    *whole, last = words
    asked = " & ".join([f"'{word}'" for word in whole] + [f"'{last}':*"])
    style = f"StartSel={HIT}, StopSel={END}, MaxWords=30, MinWords=16"
    sql = _ROWS.format(
        snippet="ts_headline('simple', left(message.text, 20000), to_tsquery('simple', %s), %s)",
        join="JOIN",
        newest="entry.id",
        source="chat_indexed entry",
        matches="entry.words @@ to_tsquery('simple', %s) AND entry.owner_id = %s",
    )
    return sql, [asked, style, asked, user_id]


def _owner_word(user_id: int) -> str:
    """So that the index itself looks at one person's texts only."""
    return f"u{user_id}"


def _clean(text: str) -> str:
    return text.replace(HIT, "").replace(END, "").replace("\0", "")


def _found(row: Sequence[Any]) -> Found:
    conversation_id, title, message_id, role, created_at, snippet = row
    if isinstance(created_at, str):
        created_at = datetime.fromisoformat(created_at)
    return Found(_uuid(conversation_id), title, _uuid(message_id), role, created_at, _pieces(snippet))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _pieces(snippet: str) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    for place, part in enumerate(re.split(f"[{HIT}{END}]", snippet)):
        if part:
            pieces.append((part, place % 2 == 1))
    return pieces
