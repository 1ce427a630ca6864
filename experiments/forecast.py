"""How many people and days a draft would take: from what its deciding metric did of late, as though the
experiment had run over the last week, fortnight or four, everybody exposed by the first thing they did in it.

With the power of the same test that reads the result. Like a reading, on staff's pages and only when asked
for: it scans what people did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import F, Min, Q, QuerySet, Sum
from django.utils import timezone
from numpy.typing import NDArray

from experiments.conduct import weights_of
from experiments.definitions import audience_of
from experiments.metrics import DAY, Metric, registered
from experiments.models import Experiment, Reading
from experiments.statistics import estimates
from experiments.statistics.estimates import VAGUE, Estimate, Numbers
from experiments.statistics.power import alpha_among, days_left, units_needed
from experiments.statistics.sequential import LEAST_UNITS
from experiments.subjects import FIRST_DAY
from usage.allowance import FREE
from usage.models import Membership

SPANS = (7.0, 14.0, 28.0)  # days
MOST_EVENTS = 300_000  # that are read one by one
LONGEST = timedelta(days=SPANS[-1])
BEFORE = 0  # the phase that a forecast is kept under


@dataclass(frozen=True, slots=True)
class Past:
    """`deviation`: one unit's standard deviation by the mean; None where too little is known of it."""

    days: float
    units: int
    deviation: float | None


def take(experiment: Experiment, at: datetime | None = None) -> Reading:
    """Reckon, and keep it beside the readings."""
    at = at or timezone.now()
    return Reading.objects.create(experiment=experiment, phase=BEFORE, at=at, result=forecast(experiment, at))


def forecast(experiment: Experiment, at: datetime) -> dict[str, Any]:
    """As it is kept (JSON). Not `known`: the past tells too little. `needed` is None beyond what anybody has,
    `days` where the past never brings as many people. CUPED is left out: it only shortens the time."""
    metric = registered().get(experiment.primary)
    if metric is None:
        return {"metric": ""}
    pasts = _pasts(metric, experiment, at)
    told: dict[str, Any] = {
        "metric": metric.title,
        "effect": experiment.least_effect,
        "seen": ceil(pasts[-1].days) if pasts else LONGEST.days,
        "units": pasts[-1].units if pasts else 0,
        "left_out": [name for name in ("locales", "devices") if getattr(experiment, name)],
        "known": any(past.deviation is not None for past in pasts),
        "needed": None,
        "days": None,
    }
    parts = list(weights_of(experiment).values())
    part = _part_in_it(experiment) * min((one for one in parts if one > 0), default=0.0)
    for past in pasts:
        if past.deviation is None:
            continue
        needed = units_needed(experiment.least_effect, past.deviation, alpha=alpha_among(len(parts)))
        if needed is None:
            continue
        there = past.units * part
        if there >= needed:
            return told | {"needed": needed, "days": max(1, ceil(needed / there * past.days))}
        told |= {"needed": needed, "days": _beyond(pasts, past, needed, part)}
    return told


def _beyond(pasts: list[Past], last: Past, needed: int, part: float) -> int | None:
    """Days where the whole past is too short: those, and as many as bring the people who are missing, at the
    pace at which new ones came towards its end. Who comes daily is one person, however long it runs."""
    shorter = next((one for one in reversed(pasts) if one.days < last.days), Past(0.0, 0, None))
    pace = (last.units - shorter.units) / (last.days - shorter.days)
    more = days_left(needed, int(last.units * part), pace * part)
    return None if more is None else ceil(last.days) + more


def _part_in_it(experiment: Experiment) -> float:
    """Of the audience."""
    part = experiment.coverage
    if experiment.group is not None:
        part *= experiment.group_end - experiment.group_start
    if experiment.holdout is not None:
        part *= 1 - experiment.holdout.part
    return part


def _pasts(metric: Metric, experiment: Experiment, at: datetime) -> list[Past]:
    """The shortest first, the last of them all there is; none where there is nothing."""
    first = _rows(metric, experiment, at - LONGEST, at).aggregate(first=Min(metric.at))["first"]
    if first is None:
        return []
    begins = min(first, at - timedelta(days=1))
    whole = (at - begins).total_seconds() / DAY
    # One that is almost the whole past would tell nothing of who came between the two.
    spans = [at - timedelta(days=days) for days in SPANS if days <= whole * 0.75]
    unit = _units(experiment)
    return [_past(metric, experiment, since, at, unit) for since in (*spans, begins)]


def _rows(metric: Metric, experiment: Experiment, since: datetime, until: datetime) -> QuerySet[Any]:
    """What the audience did. Language and device of what was done are not kept."""
    audience = audience_of(experiment)
    within: dict[str, Any] = {f"{metric.at}__gte": since, f"{metric.at}__lt": until}
    who = Q(**within)
    if audience.guests:
        who &= Q(owner__is_guest=audience.guests == "only")
    if audience.plans:
        of_their_own = Membership.objects.filter(plan__name__in=audience.plans)
        usual = [
            guest
            for guest, plan in ((True, settings.GRUMP_GUEST_PLAN), (False, FREE))
            if plan in audience.plans
        ]
        has_usual = Q(owner__is_guest__in=usual) & ~Q(owner__in=Membership.objects.values("owner"))
        who &= Q(owner__in=of_their_own.values("owner")) | has_usual
    if audience.seen == "new":  # whose first day was in it; what they did later belongs to it too
        who &= Q(owner__date_joined__gte=since - FIRST_DAY)
    elif audience.seen:
        who &= Q(**{f"{metric.at}__gte": F("owner__date_joined") + FIRST_DAY})
    return metric.rows().filter(who).order_by()


def _units(experiment: Experiment) -> Callable[[int], int]:
    """What a person is counted as: a number below zero for a team."""
    if experiment.hash_by != Experiment.HashBy.TEAM:
        return int
    members = Membership.objects.filter(team__isnull=False).values_list("owner", "team")
    teams = {owner: -team for owner, team in members}
    return lambda owner: teams.get(owner, owner)


def _past(
    metric: Metric, experiment: Experiment, since: datetime, at: datetime, unit: Callable[[int], int]
) -> Past:
    rows, days = _rows(metric, experiment, since, at), (at - since).total_seconds() / DAY
    found = _events(metric, rows, unit) if metric.kind == "quantile" or metric.within else None
    owners, values, of, when = found or _sums(metric, rows, unit)
    keys, numbers = np.unique(owners, return_inverse=True)
    units = numbers.astype(np.int64)
    there = len(keys)
    if len(owners) == MOST_EVENTS:  # these tell how they vary, and not how many there are
        there = rows.values("owner").distinct().count()
    if len(keys) < LEAST_UNITS:
        return Past(days, there, None)
    if metric.kind == "quantile":
        return Past(days, there, _deviation(estimates.quantile(values, units, metric.quantile)))
    first = np.full(len(keys), np.inf)
    np.minimum.at(first, units, when)
    counted = np.ones(len(keys), dtype=bool)
    if metric.within:
        later = when - first[units]
        values = np.where((later >= metric.within[0]) & (later < metric.within[1]), values, 0.0)
        counted = first + metric.within[1] <= at.timestamp()
    sums = np.bincount(units, values).astype(np.float64)[counted]
    if metric.once:
        sums = np.minimum(sums, 1.0)
    if len(sums) < LEAST_UNITS:
        return Past(days, there, None)
    if metric.kind == "ratio":
        whole = np.bincount(units, of).astype(np.float64)[counted]
        return Past(days, there, _deviation(estimates.ratio(sums, whole)))
    if metric.a_day:
        sums = sums / np.maximum((at.timestamp() - first[counted]) / DAY, 1.0)
    return Past(days, there, _deviation(estimates.mean(sums)))


Columns = tuple[NDArray[np.int64], Numbers, Numbers, Numbers]


def _events(metric: Metric, rows: QuerySet[Any], unit: Callable[[int], int]) -> Columns:
    """One by one: unit, value, 1, time."""
    found = list(rows.values_list("owner", "value", metric.at)[:MOST_EVENTS].iterator())
    return (
        np.array([unit(owner) for owner, _, _ in found], dtype=np.int64),
        np.array([float(value) for _, value, _ in found]),
        np.ones(len(found)),
        np.array([when.timestamp() for _, _, when in found]),
    )


def _sums(metric: Metric, rows: QuerySet[Any], unit: Callable[[int], int]) -> Columns:
    """One row a person: unit, sum, the sum of what it is a part of, time of the first."""
    sums: dict[str, Any] = {"now": Sum("value"), "began": Min(metric.at)}
    if metric.kind == "ratio":
        sums["whole"] = Sum("of")
    found = list(rows.values("owner").annotate(**sums).iterator())
    return (
        np.array([unit(row["owner"]) for row in found], dtype=np.int64),
        np.array([float(row["now"] or 0) for row in found]),
        np.array([float(row.get("whole") or 0) for row in found]),
        np.array([row["began"].timestamp() for row in found]),
    )


def _deviation(found: Estimate) -> float | None:
    """None for a figure that a reading would not compare either."""
    if found.value <= 0 or found.se > VAGUE * found.value:
        return None
    return found.se * found.units**0.5 / found.value
