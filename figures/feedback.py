"""What people say of answers and of it all: kept through its owner, and added up like everything else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, Max, Min, Q

from figures.cells import ALL, Cells, Cut, figures_of
from figures.models import Satisfaction, Thumb
from figures.rolling import Source
from grump.accounts.models import User

RATINGS = "ratings"
REASONS = ("", "wrong", "unclear", "too_long", "too_short", "not_asked", "unsafe", "other")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under what an answer was given."""

    provider: str = ""
    model: str = ""
    plan: str = ""
    release: str = ""
    variants: str = ""


def rate(
    user_id: int,
    generation: UUID,
    up: bool | None,
    now: datetime,
    *,
    reason: str = "",
    text: str = "",
    under: Circumstances = Circumstances(),
) -> None:
    """Keep a thumb; None takes it back. The caller has found the answer through its owner."""
    mine = Thumb.objects.filter(owner=user_id, generation=generation)
    if up is None:
        mine.delete()
        return
    said = {"up": up, "reason": reason, "text": text}
    if mine.update(**said):
        return
    circumstances = {name: getattr(under, name) for name in Circumstances.__slots__}
    try:
        with transaction.atomic():
            Thumb.objects.create(owner_id=user_id, generation=generation, at=now, **said, **circumstances)
    except IntegrityError:
        mine.update(**said)  # two tabs at once: the last word counts


def thumbs_of(user_id: int, generations: Iterable[UUID]) -> dict[UUID, bool]:
    rows = Thumb.objects.filter(owner=user_id, generation__in=list(generations))
    return dict(rows.values_list("generation", "up"))


def ask(user_id: int, conversations: int, now: datetime, variants: str = "") -> bool:
    """Whether somebody with so many conversations is to be asked now how satisfied they are. True is said
    once: with it the person has been asked."""
    if conversations < settings.SATISFACTION_AFTER:
        return False
    with transaction.atomic():
        # The person's row is the lock between their tabs (SQLite's transactions are alone by themselves).
        User.objects.select_for_update().filter(pk=user_id).first()
        recent = Q(asked_at__gt=now - timedelta(days=settings.SATISFACTION_DAYS)) | Q(never_again=True)
        if Satisfaction.objects.filter(recent, owner=user_id).exists():
            return False
        Satisfaction.objects.create(
            owner_id=user_id, asked_at=now, release=settings.RELEASE, variants=variants
        )
    return True


def answer(user_id: int, score: int, text: str, now: datetime) -> bool:
    """Keep the answer to the newest question; False where none was asked, or it has been answered."""
    newest = _newest(user_id)
    if newest is None:
        return False
    return bool(
        Satisfaction.objects.filter(pk=newest, score=None).update(score=score, text=text, answered_at=now)
    )


def never_again(user_id: int) -> bool:
    newest = _newest(user_id)
    return bool(newest and Satisfaction.objects.filter(pk=newest).update(never_again=True))


def _newest(user_id: int) -> int | None:
    rows = Satisfaction.objects.filter(owner=user_id).order_by("-asked_at", "-pk")
    return rows.values_list("pk", flat=True).first()


# --- Added up, and for experiments --------------------------------------------------------------


def ratings_between(since: datetime, until: datetime) -> Cells:
    """Two queries. `thumbs`, `thumbs up`, `reason …`; `scores`, `stars` (their sum)."""
    cells: Cells = {}
    columns = ("up", "reason", "provider", "model", "plan", "release", "variants")
    for up, reason, *rest in Thumb.objects.filter(at__gte=since, at__lt=until).values_list(*columns):
        for cut in _cuts(*rest):
            figures = figures_of(cells, cut)
            figures.count("thumbs")
            figures.count("thumbs up", int(up))
            if reason:
                figures.count(f"reason {reason}")
    rows = Satisfaction.objects.filter(answered_at__gte=since, answered_at__lt=until)
    for score, release, variants in rows.values_list("score", "release", "variants"):
        for cut in _cuts("", "", "", release, variants):
            figures_of(cells, cut).count("scores")
            figures_of(cells, cut).count("stars", score or 0)
    return cells


def _cuts(provider: str, model: str, plan: str, release: str, variants: str) -> Iterator[Cut]:
    yield ALL
    for cut, value in (("provider", provider), ("model", model), ("plan", plan), ("release", release)):
        if value:
            yield cut, value
    for variant in variants.split():
        yield "variant", variant


def _ended(first: bool) -> datetime | None:
    which = Min if first else Max
    moments = [
        Thumb.objects.aggregate(at=which("at"))["at"],
        Satisfaction.objects.aggregate(at=which("answered_at"))["at"],
    ]
    known = [moment for moment in moments if moment is not None]
    return (min if first else max)(known) if known else None


SOURCE = Source(RATINGS, lambda: _ended(True), lambda: _ended(False), ratings_between)


def thumbs(
    since: datetime, until: datetime, user_ids: Iterable[int] | None = None
) -> dict[int, tuple[int, int]]:
    """(up, down) of each person who gave any. One query."""
    rows = Thumb.objects.filter(at__gte=since, at__lt=until)
    if user_ids is not None:
        rows = rows.filter(owner__in=list(user_ids))
    counted = rows.values("owner").annotate(
        ups=Count("pk", filter=Q(up=True)), downs=Count("pk", filter=Q(up=False))
    )
    return {row["owner"]: (row["ups"], row["downs"]) for row in counted}


def satisfaction(since: datetime, until: datetime, user_ids: Iterable[int] | None = None) -> dict[int, float]:
    """The mean score of each person who gave any. One query."""
    rows = Satisfaction.objects.filter(answered_at__gte=since, answered_at__lt=until)
    if user_ids is not None:
        rows = rows.filter(owner__in=list(user_ids))
    return {row["owner"]: row["mean"] for row in rows.values("owner").annotate(mean=Avg("score"))}
