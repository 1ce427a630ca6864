"""What is kept of messages beside their texts: digests, vectors, counts, summaries. Synchronous."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from chat.context import digest
from chat.context.digest import Digest
from chat.context.remembered import Read
from chat.context.whole import Told
from chat.history import Line
from chat.models import Digest as DigestRow
from chat.models import Message, Summary


@dataclass(slots=True)
class Worked:
    """By a line's place: what is there, and which digests had to be made now."""

    digests: dict[int, Digest] = field(default_factory=dict)
    vectors: dict[int, bytes] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)


def worked_out(lines: Sequence[Line], vectors_of: str, read: Read | None = None) -> Worked:
    """Digests of all lines, made where there are none; vectors of the model `vectors_of` where there are
    some. One query at most: what `read` remembers is not asked for again, and what is found it remembers."""
    found = _remembered(read, vectors_of) if read is not None else Worked()
    kept = read.kept if read is not None else []
    wanting = {
        line.id: place
        for place, line in enumerate(lines)
        if place not in found.digests and line.id is not None
    }
    for id, units, vectors, model in _rows(lines[-1], list(wanting)):
        place = wanting.get(id if isinstance(id, UUID) else UUID(id))
        known = digest.unpack(bytes(units)) if place is not None else None
        if place is None or known is None:
            continue
        found.digests[place] = known
        if vectors_of and model == vectors_of:
            found.vectors[place] = bytes(vectors)
    for place, line in enumerate(lines):
        if place not in found.digests:
            found.digests[place] = digest.make(line.text)
            found.made.append(place)
    for place in wanting.values():
        if kept:
            one = kept[place]
            one.digest = found.digests[place]
            one.vectors = found.vectors.get(place, b"")
            one.vectors_of = vectors_of
    return found


def _remembered(read: Read, vectors_of: str) -> Worked:
    """Of lines of which all that there is is remembered."""
    whole = [
        (place, one)
        for place, one in enumerate(read.kept)
        if one.digest is not None and not (one.line.embedded and vectors_of and one.vectors_of != vectors_of)
    ]
    return Worked(
        {place: one.digest for place, one in whole if one.digest is not None},
        {place: one.vectors for place, one in whole if one.vectors} if vectors_of else {},
    )


# All of the conversation's, other branches' too: naming thousands of messages one by one takes longer.
_DIGESTS = """
SELECT digest.message_id, digest.units, digest.vectors, digest.vectors_of
FROM chat_message last
JOIN chat_message message ON message.conversation_id = last.conversation_id
JOIN chat_digest digest ON digest.message_id = message.id
WHERE last.id = %s
"""


_FEW = 100


def _rows(last: Line, wanted: Sequence[UUID]) -> list[tuple[Any, ...]]:
    if last.id is None or not wanted:
        return []
    if len(wanted) <= _FEW:
        rows = DigestRow.objects.filter(message__in=wanted)
        return list(rows.values_list("message_id", "units", "vectors", "vectors_of"))
    with connection.cursor() as cursor:
        cursor.execute(_DIGESTS, [_stored_id(last.id)])
        return list(cursor.fetchall())


def keep_digests(lines: Sequence[Line], worked: Worked) -> None:
    """Those that were made now. A message that has one meanwhile, or is gone, is left alone."""
    rows = [
        (worked.digests[place].pack(), b"", _stored_id(line_id))
        for place in worked.made
        if (line_id := lines[place].id) is not None
    ]
    if not rows:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_KEEP, rows)


# What another version had written is written over.
_KEEP = """
INSERT INTO chat_digest (message_id, units, vectors, vectors_of)
SELECT message.id, %s, %s, '' FROM chat_message message
WHERE message.id = %s
ON CONFLICT (message_id) DO UPDATE SET units = EXCLUDED.units
"""


def _stored_id(id: UUID) -> Any:
    return Message._meta.pk.get_db_prep_value(id, connection)


def keep_vectors(vectors: Mapping[UUID, bytes], vectors_of: str) -> None:
    rows = [DigestRow(message_id=id, vectors=packed, vectors_of=vectors_of) for id, packed in vectors.items()]
    DigestRow.objects.bulk_update(rows, ["vectors", "vectors_of"], batch_size=100)


def keep_counts(counts: Mapping[UUID, Mapping[str, int]]) -> None:
    rows = [Message(id=id, counts=dict(found)) for id, found in counts.items()]
    Message.objects.bulk_update(rows, ["counts"], batch_size=100)


def last_summary(lines: Sequence[Line]) -> Told | None:
    """The summary that reaches furthest."""
    place = next((place for place in reversed(range(len(lines))) if lines[place].summarised), None)
    if place is None:
        return None
    row = Summary.objects.filter(message=lines[place].id).first()
    return Told(place, row.text, row.tokens) if row is not None else None


def keep_summary(message_id: UUID, text: str, tokens: int) -> None:
    Summary.objects.update_or_create(message_id=message_id, defaults={"text": text, "tokens": tokens})
