"""What browsers measured, by variant: P75s to be looked at beside the metrics, and not tested. A timing is
kept without its person, so that nobody can say how many people stand behind a figure."""

from datetime import datetime, timedelta
from typing import Any

from experiments.models import Experiment, Phase
from figures.cells import hour_of
from figures.reading import browser_sketches

NAMES = ("LCP", "INP", "CLS", "FCP", "TTFB", "SEND_TO_PAINT")
HOUR = timedelta(hours=1)
KEPT_TO = timedelta(days=14)  # of a long phase the newest; a reading is taken every quarter of an hour


def vitals(experiment: Experiment, phase: Phase, until: datetime) -> list[dict[str, Any]]:
    """As a reading keeps it: of each name that was measured, every variant's P75 (None of nothing) and the
    number of timings. Whole hours of this phase alone: timings are added up by the hour."""
    begins = hour_of(phase.began_at)
    if begins < phase.began_at:
        begins += HOUR
    found = browser_sketches(max(begins, until - KEPT_TO), until, "variant", f"{experiment.key}:")
    told = []
    for name in NAMES:
        sketches = {key: found.get((name, f"{experiment.key}:{key}")) for key in phase.parts}
        if any(sketches.values()):
            told.append(
                {
                    "name": name,
                    "variants": [
                        {"key": key, "p75": one.quantile(0.75), "count": one.count}
                        if one
                        else {"key": key, "p75": None, "count": 0}
                        for key, one in sketches.items()
                    ],
                }
            )
    return told
