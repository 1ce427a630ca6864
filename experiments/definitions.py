"""What runs, as this process knows it: read from the database once after each change, asked in memory.

current()           for every caller; on an event loop it never waits, and may be old for the few
                    milliseconds in which the new definitions are read behind it
await ready()       once at a door, so that a fresh process does not begin with nothing
"""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from experiments import models
from experiments.assignment import Range, fnv1a32, ranges, shares
from experiments.freshness import held, token
from grump.lib.database import in_database

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between two tries where reading failed


@dataclass(frozen=True, slots=True)
class Audience:
    plans: frozenset[str] = frozenset()
    guests: str = ""
    locales: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class ExperimentDefinition:
    """`seed`, `holdout_seed`: hash states. `shipped`: the number of the variant that everybody in the
    audience has since the experiment stopped."""

    id: int
    key: str
    phase: int
    running: bool
    seed: int
    by_team: bool
    variants: tuple[Choice, ...]
    ranges: tuple[Range, ...]
    audience: Audience
    group: tuple[str, float, float] | None = None
    holdout: tuple[int, float] | None = None
    forced: Mapping[int, int] = field(default_factory=dict)
    shipped: int | None = None


@dataclass(frozen=True, slots=True)
class FlagDefinition:
    name: str
    state: str
    seed: int
    part: float
    audience: Audience
    starts_at: datetime | None
    ends_at: datetime | None
    for_pages: bool


@dataclass(frozen=True, slots=True)
class Definitions:
    experiments: Mapping[str, ExperimentDefinition] = field(default_factory=dict)
    flags: Mapping[str, FlagDefinition] = field(default_factory=dict)


@dataclass(slots=True)
class _Known:
    token: str | None = None
    definitions: Definitions = field(default_factory=Definitions)


_known = _Known()
_loading = threading.Lock()
_refreshing: set[asyncio.Task[None]] = set()  # a task nobody holds may be collected
_not_before = 0.0


def current() -> Definitions:
    known, now_held = _known, held()
    if now_held is not None and now_held == known.token:
        return known.definitions
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return load()
    _refresh_behind()
    return known.definitions


async def ready() -> None:
    if held() is None or held() != _known.token:
        await in_database(load)


def load() -> Definitions:
    """Raises nothing: where the database cannot be read, what was known stays."""
    global _known
    with _loading:
        try:
            seen = token()  # before the reading: what changes meanwhile has another token
            if seen != _known.token:
                _known = _Known(seen, _read())
        except DatabaseError as error:
            logger.warning("Experiments could not be read: %s", type(error).__name__)
        return _known.definitions


def forget() -> None:
    """For tests, whose databases come and go under one process."""
    global _known
    _known = _Known()


def _refresh_behind() -> None:
    global _not_before
    now = time.monotonic()
    if _refreshing or now < _not_before:
        return
    _not_before = now + PAUSE
    task = asyncio.create_task(_refresh(), name="experiments")
    _refreshing.add(task)
    task.add_done_callback(_refreshing.discard)


async def _refresh() -> None:
    global _not_before
    before = _known.token
    await in_database(load)
    if _known.token != before:
        _not_before = 0.0


# --- From rows ------------------------------------------------------------------------------------


def _read() -> Definitions:
    """Four queries, whatever there is."""
    asked = models.Experiment.objects.exclude(state=models.Experiment.State.DRAFT)
    asked = asked.select_related("group", "holdout").prefetch_related("variants", "forced")
    drafts = models.Experiment.objects.filter(state=models.Experiment.State.DRAFT, forced__isnull=False)
    drafts = drafts.distinct().select_related("group", "holdout").prefetch_related("variants", "forced")
    return Definitions(
        {row.key: _experiment(row) for row in [*asked, *drafts]},
        {row.name: _flag(row) for row in models.Flag.objects.all()},
    )


def _experiment(row: models.Experiment) -> ExperimentDefinition:
    variants = list(row.variants.all())
    numbers = {variant.key: number for number, variant in enumerate(variants)}
    parts = shares([variant.weight for variant in variants] or [1.0])
    return ExperimentDefinition(
        id=row.pk,
        key=row.key,
        phase=row.phase,
        running=row.state == models.Experiment.State.RUNNING,
        seed=fnv1a32(f"{row.key}:{row.phase}:"),
        by_team=row.hash_by == models.Experiment.HashBy.TEAM,
        variants=tuple(Choice(variant.key, variant.value) for variant in variants),
        ranges=tuple(ranges(len(variants), row.coverage, parts)),
        audience=audience_of(row),
        group=(row.group.name, row.group_start, row.group_end) if row.group else None,
        holdout=(fnv1a32(f"holdout:{row.holdout.name}:"), row.holdout.part) if row.holdout else None,
        forced={one.owner_id: numbers[one.variant] for one in row.forced.all() if one.variant in numbers},
        shipped=numbers.get(row.shipped) if row.state == models.Experiment.State.STOPPED else None,
    )


def _flag(row: models.Flag) -> FlagDefinition:
    return FlagDefinition(
        name=row.name,
        state=row.state,
        seed=fnv1a32(f"flag:{row.name}:"),
        part=row.percentage / 100,
        audience=audience_of(row),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        for_pages=row.for_pages,
    )


def audience_of(row: models.Audience) -> Audience:
    def words(text: str) -> frozenset[str]:
        return frozenset(text.lower().replace(",", " ").split())

    return Audience(words(row.plans), row.guests, words(row.locales), words(row.devices), row.seen)
