"""What is kept of messages beside their texts: digests, vectors, counts, summaries. Synchronous."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from chat.context import digest
from chat.context.digest import Digest
from chat.context.remembered import Kept, Read
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
    found = Worked()
    kept = read.by_id() if read is not None else {}
    wanting = {
        line.id: place
        for place, line in enumerate(lines)
        if line.id is not None and not _take(found, place, kept.get(line.id), vectors_of, line.embedded)
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
    for id, place in wanting.items():
        if (one := kept.get(id)) is not None:
            one.digest = found.digests[place]
            one.vectors = found.vectors.get(place, b"")
            one.vectors_of = vectors_of
    return found


def _take(found: Worked, place: int, one: Kept | None, vectors_of: str, is_embedded: bool) -> bool:
    """What is remembered of a line; False where that is not all there is."""
    if one is None or one.digest is None or (is_embedded and vectors_of and one.vectors_of != vectors_of):
        return False
    found.digests[place] = one.digest
    if vectors_of and one.vectors:
        found.vectors[place] = one.vectors
    return True


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
        cursor.execute(_DIGESTS, [Message._meta.pk.get_db_prep_value(last.id, connection)])
        return list(cursor.fetchall())


def keep_digests(lines: Sequence[Line], worked: Worked) -> None:
    """Those that were made now. A message that has one meanwhile, or is gone, is left alone."""
    rows = {
        line_id: worked.digests[place].pack()
        for place in worked.made
        if (line_id := lines[place].id) is not None
    }
    if not rows:
        return
    with transaction.atomic():
        there = set(Message.objects.filter(id__in=list(rows)).values_list("id", flat=True))
        # What another version had written is written over.
        DigestRow.objects.bulk_create(
            [DigestRow(message_id=id, units=packed) for id, packed in rows.items() if id in there],
            update_conflicts=True,
            unique_fields=["message"],
            update_fields=["units"],
            batch_size=200,
        )


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
