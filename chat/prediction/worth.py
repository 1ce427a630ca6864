"""What looking ahead has been worth in the last week: sums over everybody, for staff. Reads only."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone

from chat.models import FollowUps, Heeded, Preload
from chat.prediction import records
from chat.prediction.paying import Record
from chat.prediction.records import JUDGED_OVER

MICROUSD = 1_000_000


@dataclass(frozen=True, slots=True)
class PreloadRow:
    kind: str
    record: Record
    people: int = 0  # for whom it was made
    stopped: int = 0  # … and for whom it does not pay

    @property
    def cost_usd(self) -> float:
        return self.record.cost_microusd / MICROUSD

    @property
    def work_s(self) -> float:
        return self.record.work_ms / 1000

    @property
    def gain_usd(self) -> float:
        return self.record.gain_microusd / MICROUSD

    @property
    def hits_percent(self) -> float:
        return self.record.hit_rate * 100

    @property
    def won_each_ms(self) -> float:
        return self.record.won_ms / self.record.used if self.record.used else 0.0


@dataclass(frozen=True, slots=True)
class FollowUpsRow:
    answers: int
    offered: int
    chosen: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class SuggestionsRow:
    kind: str
    shown: int
    right_percent: float
    taken_percent: float
    expected_percent: float


def preloads() -> list[PreloadRow]:
    found, stopped = records.of_everybody(), records.stopped_for()
    return [
        PreloadRow(str(kind.label), found.get(kind, Record()), *reversed(stopped.get(kind, (0, 0))))
        for kind in Preload.Kind
    ]


def follow_ups() -> FollowUpsRow:
    """For how many answers questions were asked for, offered, and taken up."""
    lately = FollowUps.objects.filter(created_at__gte=timezone.now() - JUDGED_OVER).aggregate(
        answers=Count("pk"),
        offered=Count("pk", filter=~Q(questions=[])),
        chosen=Count("chosen"),
        cost=Sum("cost_microusd"),
    )
    return FollowUpsRow(
        lately["answers"], lately["offered"], lately["chosen"], (lately["cost"] or 0) / MICROUSD
    )


def suggestions() -> list[SuggestionsRow]:
    """Of all time, while somebody wrote."""
    rows = Heeded.objects.values("kind").annotate(
        all=Sum("shown"), so=Sum("right"), took=Sum("taken"), said=Sum("expected")
    )
    return [
        SuggestionsRow(
            row["kind"],
            row["all"],
            *(100 * row[name] / max(row["all"], 1) for name in ("so", "took", "said")),
        )
        for row in rows.order_by("kind")
    ]
