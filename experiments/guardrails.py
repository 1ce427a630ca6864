"""What stops an experiment by itself: the certainty that a variant worsens something by more than is
borne."""

from typing import Any

from experiments.conduct import stop
from experiments.models import Experiment, Reading
from experiments.statistics.estimates import Estimate, as_lift
from experiments.statistics.sequential import ALPHA, interval


def broken(experiment: Experiment, result: dict[str, Any]) -> str:
    """The reason in words, or "". All guardrails over all variants together are wrong with `ALPHA` at most
    (Bonferroni), however often they are looked at."""
    tolerances = dict(experiment.guardrails.values_list("metric", "tolerance"))
    watched = [
        (metric, shown)
        for metric in result["metrics"]
        if metric["name"] in tolerances
        for shown in metric["variants"]
        if "log" in shown
    ]
    for metric, shown in watched:
        low, high = (as_lift(end) for end in interval(Estimate(*shown["log"]), ALPHA / len(watched)))
        worse = low if metric["better"] == "lower" else -high
        if worse > tolerances[metric["name"]]:
            return f"Guardrail: {metric['title']} is worse by more than {worse:.0%} in {shown['key']}."
    return ""


def watch(experiment: Experiment, reading: Reading) -> bool:
    """Stop it where its newest reading says so. Returns whether it did."""
    reason = broken(experiment, reading.result)
    return bool(reason) and stop(experiment, reason)
