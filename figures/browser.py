"""Browser timings kept and added up, and what Prometheus is told of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Max, Min
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from figures.cells import ALL, Cells, Cut, Figures, figures_of, rows_of
from figures.models import HOUR, Timing
from figures.rolling import Source
from figures.timings import RANGES, ROUTES, Batch

BROWSER = "browser"
KEPT = timedelta(days=2)  # rows: longer than a page's token holds, so that no replay counts anew
SHOWN = timedelta(hours=24)  # of which Prometheus is told

DROPPED = Counter(
    "grump_browser_timings_dropped_total", "Timings of browsers that made no sense", ("reason",)
)


def keep(batch: Batch, now: datetime) -> None:
    """One statement. A timing that is there is replaced while its hour can still change."""
    rows = [
        Timing(
            page=batch.page.id,
            key=sent.key,
            name=sent.name,
            value=sent.value,
            route=batch.page.route,
            device=batch.device,
            release=batch.page.release,
            variants=batch.page.variants,
            provider=sent.provider,
            at=now,
        )
        for sent in batch.timings
    ]
    Timing.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["page", "key"],
        update_fields=["value", "provider"],
    )


def forget_old(now: datetime | None = None) -> int:
    """Rows whose hours are final and whose tokens have ended; returns how many."""
    now = now or timezone.now()
    return Timing.objects.filter(at__lt=now - KEPT).delete()[0]


def timings_between(since: datetime, until: datetime) -> Cells:
    """One query; a row is noted once in each of its cuts."""
    cells: Cells = {}
    columns = ("name", "value", "route", "device", "release", "variants", "provider")
    rows = Timing.objects.filter(at__gte=since, at__lt=until).values_list(*columns)
    for name, value, route, device, release, variants, provider in rows.iterator(chunk_size=5000):
        for cut in _cuts(route, device, release, variants, provider):
            figures_of(cells, cut).note(name, value)
    return cells


def _cuts(route: str, device: str, release: str, variants: str, provider: str) -> Iterator[Cut]:
    yield ALL
    yield "route", route
    yield "device", device
    yield "release", release
    yield "route, device", f"{route} {device}"
    if provider:
        yield "provider", provider
    for variant in variants.split():
        yield "variant", variant


SOURCE = Source(
    BROWSER,
    lambda: Timing.objects.aggregate(at=Min("at"))["at"],
    lambda: Timing.objects.aggregate(at=Max("at"))["at"],
    timings_between,
)


class WebVitals(Collector):
    """`grump_web_vital{name,route,device}`: the 75th percentile of the last 24 hours, asked of the database
    when Prometheus asks us. Milliseconds; CLS without a unit."""

    def describe(self) -> Iterable[Metric]:
        return [self._empty()]  # so that registering it asks no database

    def _empty(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "grump_web_vital", "What browsers measured, P75 of 24 hours", labels=("name", "route", "device")
        )

    def collect(self) -> Iterable[Metric]:
        family = self._empty()
        now = timezone.now()
        found: dict[str, Figures] = {}
        try:
            for _, value, body in rows_of(BROWSER, HOUR, "route, device", now - SHOWN, now):
                found.setdefault(value, Figures()).take(body)
        except Exception:  # no database, or one that may not be asked from here (an event loop's thread)
            found = {}  # the other metrics are told all the same
        for value, figures in found.items():
            route, _, device = value.partition(" ")
            for name, sketch in figures.sketches.items():
                at_p75 = sketch.quantile(0.75)
                if name in RANGES and route in ROUTES and at_p75 is not None:
                    family.add_metric((name, route, device), at_p75)
        yield family


def register() -> None:
    REGISTRY.register(WebVitals())
