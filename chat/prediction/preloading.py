"""What to make before it is asked for: decided from a person's own pattern, kind by kind, within budgets.

`prepare` runs in the worker behind an answer, and when somebody comes back to a conversation; `likely_pages`
answers a browser that has nothing else to do.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Count
from django.db.models.functions import Left
from django.utils import timezone

from chat.models import FollowUps, Generation, Message, Preferences, Preload
from chat.prediction import budget, makers, pattern, paying, records
from chat.prediction.pattern import Asked, Likely

# Of one person in an hour, whatever it wins: more is no habit.
MOST_AN_HOUR: Mapping[str, int] = {
    Preload.Kind.ANSWER: 20,
    Preload.Kind.FIT: 20,
    Preload.Kind.VECTOR: 40,
    Preload.Kind.PAGE: 40,
}
MOST_QUESTIONS = 3  # that are made ready for, behind one answer
MOST_PAGES = 2
MOST_ASKED = 400  # questions of a person that are looked at, the newest


@dataclass(frozen=True, slots=True)
class Standing:
    """What speaks for and against making something for one person now."""

    everybody: Mapping[str, paying.Record]
    own: Mapping[str, paying.Record]
    this_hour: Mapping[str, int]

    @classmethod
    def of(cls, owner_id: int) -> "Standing":
        return cls(records.of_everybody(), records.of_one(owner_id), records.made_since(owner_id))

    def may(self, kind: str, chance: float) -> bool:
        if self.this_hour.get(kind, 0) >= MOST_AN_HOUR[kind]:
            return False
        nothing = paying.Record()
        luck = random.random()  # noqa: S311 (no secret)
        return paying.may_make(self.everybody.get(kind, nothing), self.own.get(kind, nothing), chance, luck)


def prepare(answer: Message, offered: Sequence[str], wish: Preferences) -> None:
    """Make ready for what its person probably asks after `answer`; `offered` is shown under it."""
    assert answer.parent is not None
    likely = _likely(answer, answer.parent.text, offered)
    if not likely:
        return
    standing = Standing.of(answer.owner_id)
    if makers.is_long(answer, wish):
        for place, one in enumerate(likely):
            # A fit has the vector in it; where it is not made, the vector is still better than nothing.
            is_fitted = place == 0 and standing.may(Preload.Kind.FIT, one.chance)
            if is_fitted or standing.may(Preload.Kind.VECTOR, one.chance):
                _make(Preload.Kind.FIT if is_fitted else Preload.Kind.VECTOR, answer, one.text, wish)
    first = likely[0]
    if wish.preloading and standing.may(Preload.Kind.ANSWER, first.chance) and budget.is_left(answer.owner):
        _make(Preload.Kind.ANSWER, answer, first.text, wish)


def _make(kind: str, answer: Message, question: str, wish: Preferences) -> None:
    if records.is_made(answer, kind, question):
        return
    worked = time.process_time()
    made = makers.ALL[kind](answer, question, wish)
    if made is not None:
        Preload.objects.create(
            owner_id=answer.owner_id,
            conversation_id=answer.conversation_id,
            kind=kind,
            subject=records.digest(question),
            cost_microusd=made.cost_microusd,
            work_ms=round((time.process_time() - worked) * 1000),
            first_token_ms=made.first_token_ms,
        )


def _likely(answer: Message, previous: str, offered: Sequence[str]) -> list[Likely]:
    zone = zone_of(answer.owner.time_zone)
    habits = pattern.next_questions(asked_by(answer.owner_id, zone), previous, _now(zone))
    seen = FollowUps.objects.filter(owner=answer.owner_id).exclude(questions=[])
    taken = dict(seen.exclude(chosen=None).values_list("chosen").annotate(n=Count("pk")))
    times = seen.count() - bool(offered)  # those under this answer have not had their chance yet
    return pattern.best([*pattern.of_follow_ups(offered, times, taken), *habits])[:MOST_QUESTIONS]


# --- Pages -----------------------------------------------------------------------------------------


def likely_pages(owner_id: int, time_zone: str, current: UUID | None = None) -> list[UUID]:
    """The conversations that this person will probably open next and whose fetching pays."""
    zone = zone_of(time_zone)
    found = pattern.next_conversations(asked_by(owner_id, zone), _now(zone), current)
    if not found:
        return []
    standing = Standing.of(owner_id)
    return [id for id, chance in found[:MOST_PAGES] if standing.may(Preload.Kind.PAGE, chance)]


def fetched(owner_id: int, conversation_id: UUID, work_ms: int) -> None:
    """A browser has fetched one of them. Who fetches without end leaves no rows without end, and does not
    decide for everybody whether it pays."""
    if records.made_since(owner_id).get(Preload.Kind.PAGE, 0) < MOST_AN_HOUR[Preload.Kind.PAGE]:
        records.fetched(owner_id, conversation_id, work_ms)


# --- What a person has asked -----------------------------------------------------------------------


def asked_by(owner_id: int, zone: tzinfo) -> list[Asked]:
    """Oldest first; of conversations that are deleted, nothing. By their answers, which have an index."""
    rows = (
        Generation.objects.filter(owner=owner_id, message__conversation__deleted_at=None)
        .exclude(message__parent=None)
        .order_by("-created_at")
        .annotate(begins=Left("message__parent__text", pattern.LONGEST + 1))
        .values_list("message__parent", "message__conversation", "begins", "created_at")[:MOST_ASKED]
    )
    # A question that was answered again was asked once.
    found = {question: Asked(id, text, at.astimezone(zone)) for question, id, text, at in rows}
    return list(reversed(found.values()))


def zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone.get_default_timezone()


def _now(zone: tzinfo) -> datetime:
    return timezone.now().astimezone(zone)
