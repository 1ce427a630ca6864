"""A reading: what a phase's figures are now, and whether anything may be concluded from them.

`read` computes, `take` keeps it. In the worker and on staff's pages only: it scans what people did.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone

from experiments.metrics import DAY, Metric, registered
from experiments.models import Experiment, Phase, Reading
from experiments.population import Population, events, population, single_events
from experiments.statistics import checks, estimates, sequential
from experiments.statistics.estimates import Estimate, Numbers
from experiments.statistics.power import alpha_among, days_left, units_needed
from experiments.vitals import vitals

ENOUGH = sequential.LEAST_UNITS


def take(experiment: Experiment, at: datetime | None = None) -> Reading:
    """Read the newest phase and keep it."""
    at = at or timezone.now()
    return Reading.objects.create(
        experiment=experiment, phase=experiment.phase, at=at, result=read(experiment, at)
    )


def read(experiment: Experiment, at: datetime) -> dict[str, Any]:
    """As it is kept (JSON). A mismatch of the split blocks the reading: there are no metrics then, because
    who is missing from a variant is not missing by chance."""
    phase = Phase.objects.get(experiment=experiment, number=experiment.phase)
    until = phase.ended_at or at
    who = population(experiment, phase)
    counts = who.counts()
    mismatch = checks.sample_ratio(counts, list(phase.parts.values()))
    result: dict[str, Any] = {
        "variants": [
            {"key": key, "units": count, "part": part}
            for (key, part), count in zip(phase.parts.items(), counts, strict=True)
        ],
        "crossed": len(who.crossed),
        "mismatch": {"p": mismatch, "blocks": mismatch < checks.MISMATCH},
        "enough": ENOUGH,
        "metrics": [],
    }
    if result["mismatch"]["blocks"]:
        return result
    for metric in chosen(experiment):
        result["metrics"].append(_measured(metric, experiment, phase, who, until))
    _correct(result["metrics"], experiment.primary)
    result["plan"] = _plan(experiment, result["metrics"], counts, phase, until)
    result["vitals"] = vitals(experiment, phase, until)
    return result


def chosen(experiment: Experiment) -> list[Metric]:
    """The deciding one first, then guardrails, then the others; an unknown name is passed over."""
    known = registered()
    names = [experiment.primary, *experiment.guardrails.values_list("metric", flat=True)]
    names += experiment.metrics.replace(",", " ").split() or list(known)
    return [known[name] for name in dict.fromkeys(names) if name in known]


def _measured(
    metric: Metric, experiment: Experiment, phase: Phase, who: Population, until: datetime
) -> dict[str, Any]:
    found, left = _estimates(metric, experiment, phase, who, until)
    control = found[0] if found else None
    variants = []
    for number, (key, one) in enumerate(zip(who.keys, found, strict=True)):
        shown: dict[str, Any] = {"key": key, "units": one.units if one else 0}
        if one is not None:
            low, high = one.interval()
            shown |= {"value": one.value, "low": low, "high": high, "deviation": one.se * one.units**0.5}
            if number and control is not None:
                shown |= _compared(control, one)
        variants.append(shown)
    return {
        "name": metric.name,
        "title": metric.title,
        "kind": metric.kind,
        "unit": metric.unit,
        "better": metric.better,
        "variance_left": left,
        "variants": variants,
    }


def _compared(control: Estimate, other: Estimate) -> dict[str, Any]:
    if min(control.units, other.units) < ENOUGH:
        return {}
    change = estimates.log_ratio(control, other)
    if change is None:
        return {}
    low, high = sequential.interval(change)
    return {
        "lift": estimates.as_lift(change.value),
        "lift_low": estimates.as_lift(low),
        "lift_high": estimates.as_lift(high),
        "log": [change.value, change.se, change.units],
        "p": sequential.p_value(change),
    }


def _estimates(
    metric: Metric, experiment: Experiment, phase: Phase, who: Population, until: datetime
) -> tuple[list[Estimate | None], float]:
    """Of each variant, None where it has too little to estimate from; and the part of variance that CUPED
    left."""
    numbers = range(len(who.keys))
    if metric.kind == "quantile":
        values, units = single_events(metric, experiment, phase, who, until)
        of_variant = who.variants[units]
        return [_quantile(metric, values[of_variant == n], units[of_variant == n]) for n in numbers], 1.0
    found = events(metric, experiment, phase, who, until)
    counted = np.ones(len(who.units), dtype=bool)
    if metric.within:
        counted = who.since + metric.within[1] <= until.timestamp()
    parts = [counted & (who.variants == number) for number in numbers]
    if metric.kind == "ratio":
        return [_ratio(found.values[part], found.of[part]) for part in parts], 1.0
    groups = [(found.values[part] * metric.scale, found.past[part] * metric.scale) for part in parts]
    values_of: Sequence[Numbers] = [values for values, _ in groups]
    left = 1.0
    if metric.past and all(len(values) > 1 for values in values_of):
        values_of, left = estimates.adjusted(groups)
    return [estimates.mean(values) if len(values) > 1 else None for values in values_of], left


def _ratio(values: Numbers, of: Numbers) -> Estimate | None:
    return estimates.ratio(values, of) if len(values) > 1 and of.sum() > 0 else None


def _quantile(metric: Metric, values: Numbers, units: Any) -> Estimate | None:
    if len(np.unique(units)) < 2:
        return None
    return estimates.quantile(values, np.unique(units, return_inverse=True)[1], metric.quantile)


def _correct(metrics: list[dict[str, Any]], primary: str) -> None:
    """The deciding metric by Holm over the variants, so that none of them wins by chance; all others by
    Benjamini and Hochberg, as hints."""
    for adjust, names in (
        (checks.family_wise, {primary}),
        (checks.false_discoveries, {one["name"] for one in metrics} - {primary}),
    ):
        tested = [
            shown
            for metric in metrics
            if metric["name"] in names
            for shown in metric["variants"]
            if "p" in shown
        ]
        for shown, p in zip(tested, adjust([shown["p"] for shown in tested]), strict=True):
            shown["p_adjusted"] = p


def _plan(
    experiment: Experiment, metrics: list[dict[str, Any]], counts: list[int], phase: Phase, until: datetime
) -> dict[str, Any]:
    """What the deciding metric still needs to find the least effect that is worth finding."""
    deciding = next((one for one in metrics if one["name"] == experiment.primary), None)
    control = deciding["variants"][0] if deciding and deciding["variants"] else {}
    if not control.get("value"):
        return {}
    alpha = alpha_among(len(counts))
    needed = units_needed(experiment.least_effect, control["deviation"] / control["value"], alpha=alpha)
    days = max((until - phase.began_at).total_seconds() / DAY, 1 / 24)
    there = min(
        (count for count, part in zip(counts, phase.parts.values(), strict=True) if part > 0), default=0
    )
    return {
        "effect": experiment.least_effect,
        "needed": needed,
        "there": there,
        "days": days_left(needed, there, there / days) if needed else None,
    }
