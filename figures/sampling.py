"""What only a process's own counters know, written down once a minute: what the tiered cache had, what quotas
refused.

Within an hour a process writes the same row again, with what it has counted since the hour began (or it was
started): writing twice is writing once.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Min
from django.utils import timezone
from prometheus_client import Counter

from figures.cells import ALL, Cells, figures_of, hour_of
from figures.models import Sample
from figures.rolling import Source
from grump.lib.cache.metrics import HITS, MISSES
from grump.lib.database import in_database
from grump.lib.tasks import end_tasks
from usage.metrics import REFUSALS

logger = logging.getLogger(__name__)

PROCESS = "process"
EVERY_SECONDS = 60.0


def counted() -> dict[str, float]:
    """Since this process began: `hits TIER`, `asked` (of the cache), `refused LIMIT`."""
    found: dict[str, float] = {}
    for name, value in _by_label(HITS, "tier"):
        found[f"hits {name}"] = found.get(f"hits {name}", 0) + value
        found["asked"] = found.get("asked", 0) + value
    for _, value in _by_label(MISSES, "namespace"):
        found["asked"] = found.get("asked", 0) + value
    for name, value in _by_label(REFUSALS, "limit"):
        found[f"refused {name}"] = found.get(f"refused {name}", 0) + value
    return found


def _by_label(counter: Counter, label: str) -> list[tuple[str, float]]:
    samples = next(iter(counter.collect())).samples
    return [(one.labels[label], one.value) for one in samples if one.name.endswith("_total")]


class Sampler:
    """One a process. `note` says what to write down now, and forgets what an earlier hour had."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._before = counted()
        self._hour: datetime | None = None
        self._written: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sampler")

    async def close(self) -> None:
        if self._task is not None:
            await end_tasks([self._task])
        await self._write()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self._write()

    async def _write(self) -> None:
        hour, counts = self.grown(timezone.now())
        if counts == self._written:
            return
        try:
            await in_database(keep, self._process, hour, counts)
        except DatabaseError:
            logger.warning("What this process counted could not be written down; it is tried again")
        else:
            self._written = counts

    def grown(self, now: datetime) -> tuple[datetime, dict[str, float]]:
        """What was counted in the hour under way."""
        totals, hour = counted(), hour_of(now)
        if self._hour is None:
            self._hour = hour
        elif hour != self._hour:
            # What was counted since the last minute is told in the new hour.
            self._hour, self._before = hour, {**self._before, **self._last}
            self._written = {}
        self._last = totals
        grown = {name: value - self._before.get(name, 0) for name, value in totals.items()}
        return hour, {name: value for name, value in grown.items() if value}

    _last: Mapping[str, float] = {}


def keep(process: str, hour: datetime, counts: Mapping[str, float]) -> None:
    Sample.objects.bulk_create(
        [Sample(process=process, hour=hour, counts=dict(counts))],
        update_conflicts=True,
        unique_fields=["process", "hour"],
        update_fields=["counts"],
    )


def samples_between(since: datetime, until: datetime) -> Cells:
    cells: Cells = {}
    for counts in Sample.objects.filter(hour__gte=since, hour__lt=until).values_list("counts", flat=True):
        for name, number in counts.items():
            figures_of(cells, ALL).count(name, number)
    return cells


SOURCE = Source(
    PROCESS,
    lambda: Sample.objects.aggregate(at=Min("hour"))["at"],
    # The hour under way grows without a row more.
    lambda: timezone.now() if Sample.objects.exists() else None,
    samples_between,
)
