"""What running answers have said, stored every few seconds: each time what has grown since the time before.

A part a time and never the whole again, so that an answer of any length is written twice: here, and at its
end, where its parts go. Until then its message and generation are as they were when it began.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.journal import Entry
from chat.models import Checkpoint, Generation
from grump.lib.rows import kept_id, run


@dataclass(frozen=True, slots=True)
class Grown:
    """What followed the first `after` frames of an answer."""

    after: int
    journal: list[Entry]
    text: str
    reasoning: str


def store(process: str, grown: Mapping[UUID, Grown]) -> list[UUID]:
    """Store what the process's generations have said, and its heartbeat in the same breath. Four statements
    at most, however many there are.

    Returns those of them that somebody asked to stop through the database.
    """
    running = Generation.objects.filter(process=process, state=Generation.State.RUNNING)
    with transaction.atomic():
        # Locks their rows: what is running in the next line cannot end before we have committed.
        running.update(heartbeat_at=timezone.now())
        wishes = dict(running.values_list("id", "stop_requested"))
        parts = [_row(id, part) for id, part in grown.items() if id in wishes]
        if parts:
            # A part whose commit was not confirmed comes again, grown: it takes its own place.
            Checkpoint.objects.bulk_create(
                parts,
                update_conflicts=True,
                unique_fields=["generation", "after"],
                update_fields=["journal", "text", "reasoning"],
            )
    return [id for id, stop_requested in wishes.items() if stop_requested]


def _row(generation_id: UUID, part: Grown) -> Checkpoint:
    return Checkpoint(
        generation_id=generation_id,
        after=part.after,
        journal=part.journal,
        text=part.text,
        reasoning=part.reasoning,
    )


def read_into(generations: Iterable[Generation]) -> None:
    """Give those that are running, and their messages, what was stored of them so far. Nothing is written;
    nothing is asked where none is running."""
    running = {one.id: one for one in generations if one.state == Generation.State.RUNNING}
    if not running:
        return
    parts = defaultdict[UUID, list[Checkpoint]](list)
    for part in Checkpoint.objects.filter(generation__in=running).order_by("generation", "after"):
        parts[part.generation_id].append(part)
    for id, of_it in parts.items():
        generation = running[id]
        generation.journal = [entry for part in of_it for entry in part.journal]
        generation.reasoning = "".join(part.reasoning for part in of_it)
        generation.message.text = "".join(part.text for part in of_it)


def drop(generation_id: UUID) -> None:
    """Its answer is stored whole."""
    # Written out, as it runs for every answer: the ORM looks first for what might depend on them.
    run("DELETE FROM chat_checkpoint WHERE generation_id = %s", [kept_id(generation_id)])
