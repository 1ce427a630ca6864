"""Who is counted in a phase, and what each of them did: from the database into arrays of one row a unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Count, F, Min, Q, Sum
from numpy.typing import NDArray

from experiments.metrics import DAY, Metric
from experiments.models import Experiment, Exposure, Phase

# What an exposure is about may have been stored a moment before it was noted.
SLACK = timedelta(seconds=10)
PAST = timedelta(days=14)
MOST_EVENTS = 2_000_000  # that a quantile is taken over; the first ones by the database's own order

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Population:
    """`units` in order, with their variant's number and the time of their exposure (Unix seconds).
    `crossed`: people who were exposed as two units; whatever they did belongs to both, so neither is
    counted."""

    units: dict[str, int]
    variants: NDArray[np.int64]
    since: Numbers
    keys: tuple[str, ...]
    crossed: frozenset[int]

    def counts(self) -> list[int]:
        return [int(one) for one in np.bincount(self.variants, minlength=len(self.keys))]


@dataclass(frozen=True, slots=True)
class Events:
    """Of each unit: the sum of values, what they are part of, and the sum of the time before the exposure."""

    values: Numbers
    of: Numbers
    past: Numbers


def population(experiment: Experiment, phase: Phase) -> Population:
    exposures = Exposure.objects.filter(experiment=experiment, phase=phase.number)
    several = exposures.values("owner").annotate(units=Count("unit", distinct=True)).filter(units__gt=1)
    crossed = frozenset(several.values_list("owner", flat=True))
    keys = tuple(phase.parts)
    rows = exposures.exclude(owner__in=crossed).values_list("unit").annotate(Min("variant"), Min("at"))
    units: dict[str, int] = {}
    variants: list[int] = []
    since: list[float] = []
    for unit, variant, at in rows.order_by("unit").iterator():
        if variant in keys:
            units[unit] = len(units)
            variants.append(keys.index(variant))
            since.append(at.timestamp())
    return Population(units, np.array(variants, dtype=np.int64), np.array(since), keys, crossed)


def _joined(metric: Metric, experiment: Experiment, phase: Phase, who: Population, until: datetime) -> Any:
    """The metric's events of who was exposed, whenever they were; `since` is the exposure's time."""
    return (
        metric.rows()
        .filter(
            owner__exposures__experiment=experiment,
            owner__exposures__phase=phase.number,
            **{f"{metric.at}__lt": until},
        )
        .exclude(owner__in=who.crossed)
        .annotate(unit=F("owner__exposures__unit"), since=F("owner__exposures__at"))
    )


def events(metric: Metric, experiment: Experiment, phase: Phase, who: Population, until: datetime) -> Events:
    """One query, one row a unit."""
    at = metric.at
    first, last = metric.within or (0.0, 0.0)
    after = Q(**{f"{at}__gte": F("since") + timedelta(seconds=first) - SLACK})
    if metric.within:
        after &= Q(**{f"{at}__lt": F("since") + timedelta(seconds=last)})
    before = Q(**{f"{at}__lt": F("since") - SLACK, f"{at}__gte": F("since") - PAST})
    sums: dict[str, Any] = {"now": Sum("value", filter=after)}
    if metric.kind == "ratio":
        sums["whole"] = Sum("of", filter=after)
    if metric.past:
        sums["earlier"] = Sum("value", filter=before)
    rows = _joined(metric, experiment, phase, who, until)
    rows = rows.filter(**{f"{at}__gte": phase.began_at - (PAST if metric.past else SLACK)})
    found = Events(*(np.zeros(len(who.units)) for _ in range(3)))
    for row in rows.order_by().values("unit").annotate(**sums).iterator():
        number = who.units.get(row["unit"])
        if number is not None:
            found.values[number] = row["now"] or 0
            found.of[number] = row.get("whole") or 0
            found.past[number] = row.get("earlier") or 0
    if metric.once:
        found = Events(np.minimum(found.values, 1.0), found.of, found.past)
    if metric.a_day:
        days = np.maximum((until.timestamp() - who.since) / DAY, 1.0)
        found = Events(found.values / days, found.of, found.past / (PAST.total_seconds() / DAY))
    return found


def single_events(
    metric: Metric, experiment: Experiment, phase: Phase, who: Population, until: datetime
) -> tuple[Numbers, NDArray[np.int64]]:
    """Every event after its unit's exposure: its value, and the number of its unit."""
    rows = _joined(metric, experiment, phase, who, until).filter(**{f"{metric.at}__gte": F("since") - SLACK})
    values: list[float] = []
    numbers: list[int] = []
    pairs: Iterable[tuple[str, float]] = rows.order_by().values_list("unit", "value")[:MOST_EVENTS].iterator()
    for unit, value in pairs:
        number = who.units.get(unit)
        if number is not None:
            values.append(float(value))
            numbers.append(number)
    return np.array(values), np.array(numbers, dtype=np.int64)
