"""That a variant has acted: gathered, and written behind what it acted on. One event loop has one log.

A row is written once a person, experiment and phase, however often it is noted: this process remembers what
it has written, and the database's constraint decides between processes. What could not be written is tried
again; what a crash took from memory is noted again the next time the variant acts.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone
from prometheus_client import Counter

from experiments.deciding import Decision
from experiments.models import Experiment, Exposure
from grump.accounts.models import User
from grump.lib.database import in_database
from grump.lib.tasks import end_tasks

logger = logging.getLogger(__name__)

GATHER = 1.0  # seconds
MOST_WAITING = 20_000
MOST_REMEMBERED = 100_000
BATCH = 500

LOST = Counter("grump_exposures_lost_total", "Exposures that were not kept: too many waited")

Noted = tuple[Decision, datetime]
Mark = tuple[int, int, int, str]


def write(noted: Sequence[Noted]) -> None:
    """In one transaction; what is there already stays. Who or what has been deleted meanwhile is left out:
    one such row would keep all the others from being written."""
    with transaction.atomic():
        people = set(
            User.objects.filter(pk__in={one.owner_id for one, _ in noted}).values_list("pk", flat=True)
        )
        experiments = set(
            Experiment.objects.filter(pk__in={one.experiment_id for one, _ in noted}).values_list(
                "pk", flat=True
            )
        )
        Exposure.objects.bulk_create(
            [
                Exposure(
                    experiment_id=one.experiment_id,
                    phase=one.phase,
                    owner_id=one.owner_id,
                    unit=one.unit,
                    variant=one.variant,
                    at=at,
                )
                for one, at in noted
                if one.owner_id in people and one.experiment_id in experiments
            ],
            ignore_conflicts=True,
        )


class ExposureLog:
    def __init__(
        self,
        gather: float = GATHER,
        writer: Callable[[Sequence[Noted]], None] = write,
        most: int = MOST_WAITING,
    ) -> None:
        self._gather, self._writer, self._most = gather, writer, most
        self._waiting: dict[Mark, Noted] = {}
        self._written: OrderedDict[Mark, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def note(self, decision: Decision, at: datetime | None = None) -> None:
        """`at`: when what it acts on began, where that was earlier. A look-up for who was noted before. Must
        be called on the running loop."""
        if not decision.counts:
            return
        mark = (decision.experiment_id, decision.phase, decision.owner_id, decision.unit)
        if mark in self._written or mark in self._waiting:
            return
        if len(self._waiting) >= self._most:
            LOST.inc()
            return
        self._waiting[mark] = (decision, at or timezone.now())
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="exposures")

    async def close(self) -> None:
        """Write what waits, if the database takes it now."""
        await end_tasks([self._task])
        if self._waiting:
            await self._flush()

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._gather)
            await self._flush()

    async def _flush(self) -> None:
        marks = list(self._waiting)[:BATCH]
        try:
            await in_database(self._writer, [self._waiting[mark] for mark in marks])
        except DatabaseError as error:
            # They wait for the next try, beside what comes meanwhile.
            logger.warning("%d exposures were not written yet: %s", len(marks), type(error).__name__)
            return
        for mark in marks:
            del self._waiting[mark]
            self._written[mark] = None
        while len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)
