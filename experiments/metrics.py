"""What experiments are measured by. Each metric is declared once, beside the tables that it reads, and
registered when its app starts:

    register(Metric("stop_rate", "Stopped answers", "ratio", better="lower", rows=stopped, unit="share"))

`rows` makes a queryset of events: each has `owner`, the time named by `at`, and the annotation `value` (of a
ratio also `of`, what it is a part of). Which of them belong to an experiment, whose they are and how certain
the figure is, is experiments/readings.py's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import QuerySet

Kind = Literal["mean", "ratio", "quantile"]
DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Metric:
    """Of a mean, a unit's value is the sum of its events; without events, zero.

    `a_day`: divided by the days since the exposure. `once`: 1 for any event, however many. `within`: only
    events so many seconds after the exposure, from and to; only units whose time is over are counted.
    `past`: units' earlier events tell something of later ones (CUPED).
    """

    name: str
    title: str
    kind: Kind
    better: Literal["lower", "higher"]
    rows: Callable[[], QuerySet[Any]]
    at: str = "created_at"
    unit: Literal["ms", "share", "usd", "number"] = "number"
    quantile: float = 0.0
    a_day: bool = False
    once: bool = False
    within: tuple[float, float] | None = None
    past: bool = False
    scale: float = 1.0  # of what is shown, beside what is stored


_metrics: dict[str, Metric] = {}


def register(*metrics: Metric) -> None:
    """The same name means the same metric; raises ValueError for another."""
    for metric in metrics:
        known = _metrics.setdefault(metric.name, metric)
        if known != metric:
            raise ValueError(f"two metrics called {metric.name!r}")


def registered() -> dict[str, Metric]:
    """By name, in the order of registration."""
    return dict(_metrics)
