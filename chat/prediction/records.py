"""What was made ahead, as it is kept: what each kind has done lately, and what became of one thing made.

Synchronous. A question is remembered by its digest alone.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2b
from uuid import UUID

from django.db.models import Count, Sum
from django.utils import timezone

from chat.history import NotFound
from chat.models import Conversation, Generation, Message, Preload
from chat.prediction import paying

JUDGED_OVER = timedelta(days=7)
KEPT = timedelta(days=30)
OPENED_WITHIN = timedelta(minutes=2)  # of being fetched: afterwards the browser fetches anew
LONGEST_WON = 30_000  # milliseconds that a browser may claim
LOOKED_UP_MS = 1  # what finding a kept vector takes


def of_everybody() -> Mapping[str, paying.Record]:
    """By kind, in the last week."""
    return _records()


def of_one(owner_id: int) -> Mapping[str, paying.Record]:
    return _records(owner=owner_id)


def _records(**whose: int) -> dict[str, paying.Record]:
    rows = (
        Preload.objects.filter(made_at__gte=timezone.now() - JUDGED_OVER, **whose)
        .values("kind")
        .annotate(
            made=Count("pk"),
            used=Count("won_ms"),
            won=Sum("won_ms"),
            cost=Sum("cost_microusd"),
            work=Sum("work_ms"),
        )
    )
    return {
        row["kind"]: paying.Record(
            row["made"], row["used"], row["won"] or 0, row["cost"] or 0, row["work"] or 0
        )
        for row in rows
    }


def stopped_for() -> Mapping[str, tuple[int, int]]:
    """By kind: for how many people it does not pay, and for how many it was made in the last week."""
    rows = (
        Preload.objects.filter(made_at__gte=timezone.now() - JUDGED_OVER)
        .values("kind", "owner")
        .annotate(made=Count("pk"), won=Sum("won_ms"), cost=Sum("cost_microusd"), work=Sum("work_ms"))
    )
    found: dict[str, tuple[int, int]] = {}
    for row in rows.iterator():
        record = paying.Record(row["made"], 0, row["won"] or 0, row["cost"] or 0, row["work"] or 0)
        stopped, people = found.get(row["kind"], (0, 0))
        found[row["kind"]] = (stopped + (not record.pays_for_one), people + 1)
    return found


def made_since(owner_id: int, hours: float = 1.0) -> Mapping[str, int]:
    """How much was made for this person lately, by kind."""
    since = timezone.now() - timedelta(hours=hours)
    rows = Preload.objects.filter(owner=owner_id, made_at__gte=since).values("kind").annotate(n=Count("pk"))
    return {row["kind"]: row["n"] for row in rows}


def forget_old() -> int:
    """Nothing is judged by what is older."""
    return Preload.objects.filter(made_at__lt=timezone.now() - KEPT).delete()[0]


# --- What became of it -----------------------------------------------------------------------------


def digest(text: str) -> str:
    return blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def is_made(answer: Message, kind: str, question: str) -> bool:
    """Since this answer, and not used yet."""
    made = Preload.objects.filter(conversation=answer.conversation_id, subject=digest(question), kind=kind)
    return made.filter(won_ms=None, made_at__gte=answer.created_at).exists()


def reckon(answer: Message, generation: Generation) -> None:
    """Was something that was made for this question of use to its answer?"""
    assert answer.parent is not None
    made = {
        one.kind: one
        for one in Preload.objects.filter(
            conversation=answer.conversation_id, subject=digest(answer.parent.text), won_ms=None
        ).order_by("made_at")
    }
    sent = generation.context or {}
    took = generation.first_token_ms
    if generation.cached == "exact" and took is not None:
        _won(made.get(Preload.Kind.ANSWER), took)
    if sent.get("way") == "cache":
        _won(made.get(Preload.Kind.FIT), sent.get("waited_ms", 0))
    if sent.get("vector") == "kept":
        _won(made.get(Preload.Kind.VECTOR), LOOKED_UP_MS)


def _won(made: Preload | None, took: int) -> None:
    """It was used, and took `took` milliseconds where it would have taken what its making took."""
    if made is not None:
        Preload.objects.filter(pk=made.pk, won_ms=None).update(won_ms=made.first_token_ms - took)


def fetched(owner_id: int, conversation_id: UUID, work_ms: int) -> None:
    """A browser has fetched a conversation that its owner will probably open."""
    Preload.objects.create(
        owner_id=owner_id,
        conversation_id=conversation_id,
        kind=Preload.Kind.PAGE,
        subject=conversation_id.hex,
        work_ms=work_ms,
    )


def opened(owner_id: int, conversation_id: UUID, won_ms: int) -> None:
    """… and it was opened; the browser says what was not waited for. A claim without a fetch is ignored;
    raises NotFound for a conversation that is not there, or somebody else's."""
    if not Conversation.objects.filter(owner=owner_id, id=conversation_id, deleted_at=None).exists():
        raise NotFound
    made = (
        Preload.objects.filter(
            owner=owner_id,
            conversation=conversation_id,
            kind=Preload.Kind.PAGE,
            subject=conversation_id.hex,
            won_ms=None,
            made_at__gte=timezone.now() - OPENED_WITHIN,
        )
        .order_by("-made_at")
        .first()
    )
    if made is not None:
        Preload.objects.filter(pk=made.pk, won_ms=None).update(won_ms=min(max(won_ms, 0), LONGEST_WON))
