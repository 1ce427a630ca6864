"""The counters, made anew from the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Sum

from usage.models import Day, Entry, Hold, TeamDay

_COUNTERS = (
    "requests",
    "tokens",
    "cost_microusd",
    "house_microusd",
    "held_tokens",
    "held_microusd",
    "running",
)


@dataclass(frozen=True, slots=True)
class Difference:
    day: Day
    counted: dict[str, int]
    true: dict[str, int]


def differences() -> Iterator[Difference]:
    """Days whose counters are not what entries and open holds add up to."""
    for day in Day.objects.order_by("pk").iterator(chunk_size=500):
        counted = {name: getattr(day, name) for name in _COUNTERS}
        true = _true(day)
        if counted != true:
            yield Difference(day, counted, true)


def team_differences() -> Iterator[tuple[TeamDay, dict[str, int]]]:
    """Days of teams whose counters are not what their people's entries and holds add up to, and what those
    are."""
    for day in TeamDay.objects.order_by("pk").iterator(chunk_size=500):
        true = _true_of_team(day)
        if {name: getattr(day, name) for name in true} != true:
            yield day, true


def rebuild() -> int:
    """Correct every counter that differs; returns how many days did."""
    corrected = 0
    for wrong, _ in list(team_differences()):
        with transaction.atomic():
            team_day = TeamDay.objects.select_for_update().get(pk=wrong.pk)
            corrected += TeamDay.objects.filter(pk=team_day.pk).update(**_true_of_team(team_day))
    for found in list(differences()):
        with transaction.atomic():
            # Read again under the write lock: a turn may have ended since.
            day = Day.objects.select_for_update().filter(pk=found.day.pk).first()
            if day is not None:
                corrected += Day.objects.filter(pk=day.pk).update(**_true(day))
    return corrected


def _true(day: Day) -> dict[str, int]:
    paid = Entry.objects.filter(owner=day.owner_id, date=day.date).aggregate(
        requests=Sum("requests", default=0),
        tokens=Sum("tokens", default=0),
        cost_microusd=Sum("cost_microusd", default=0),
        house_microusd=Sum("house_microusd", default=0),
    )
    held = Hold.objects.filter(day_id=day.pk).aggregate(
        running=Count("pk"),
        held_tokens=Sum("tokens", default=0),
        held_microusd=Sum("cost_microusd", default=0),
    )
    return {**paid, **held, "requests": paid["requests"] + held["running"]}


def _true_of_team(day: TeamDay) -> dict[str, int]:
    paid = Entry.objects.filter(team_day_id=day.pk).aggregate(
        requests=Sum("requests", default=0),
        tokens=Sum("tokens", default=0),
        cost_microusd=Sum("cost_microusd", default=0),
    )
    held = Hold.objects.filter(team_day_id=day.pk).aggregate(
        running=Count("pk"),
        held_tokens=Sum("tokens", default=0),
        held_microusd=Sum("cost_microusd", default=0),
    )
    running = held.pop("running")
    return {**paid, **held, "requests": paid["requests"] + running}
