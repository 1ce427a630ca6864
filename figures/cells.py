"""Counts and sketches of one cut, and many of them by cut. Pure, but for reading and replacing an hour.

An hour is always made whole and takes the place of what was there: making it twice is the same as making it
once, and it can be made anew for as long as the rows it is made of exist.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
from django.db import transaction

from figures.models import DAY, HOUR, Cell, Made
from grump.lib.sketch import Sketch

#: (cut, value); ("", "") is all.
Cut = tuple[str, str]
ALL: Cut = ("", "")


class Figures:
    """What happened: `counts` by name, `sketches` by name."""

    __slots__ = ("counts", "sketches")

    def __init__(self) -> None:
        self.counts: dict[str, float] = {}
        self.sketches: dict[str, Sketch] = {}

    def count(self, name: str, number: float = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def note(self, name: str, value: float) -> None:
        self.sketch(name).add(value)

    def sketch(self, name: str) -> Sketch:
        """The one of this name; an empty one is made where there is none."""
        found = self.sketches.get(name)
        if found is None:
            found = self.sketches[name] = Sketch()
        return found

    def merge(self, other: "Figures") -> None:
        for name, number in other.counts.items():
            self.count(name, number)
        for name, sketch in other.sketches.items():
            self.sketch(name).merge(sketch)

    def __getitem__(self, name: str) -> float:
        return self.counts.get(name, 0)

    def packed(self) -> bytes:
        sketches = {name: sketch.packed() for name, sketch in self.sketches.items()}
        return orjson.dumps({"n": self.counts, "s": sketches})

    def take(self, packed: bytes | memoryview) -> None:
        """Merge what `packed` made."""
        shape = orjson.loads(packed)
        for name, number in shape["n"].items():
            self.count(name, number)
        for name, sketch in shape["s"].items():
            self.sketch(name).take(sketch)


Cells = dict[Cut, Figures]


def figures_of(cells: Cells, cut: Cut) -> Figures:
    """Those of a cut; empty ones are made where there are none."""
    found = cells.get(cut)
    if found is None:
        found = cells[cut] = Figures()
    return found


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def replace_hour(
    kind: str, hour: datetime, cells: Mapping[Cut, Figures], read_at: datetime, *, final: bool = False
) -> bool:
    """Put `cells` in the place of the hour's, and make its day anew. False where others, who read later
    than `read_at`, were here before: theirs stay."""
    with transaction.atomic():
        if not _claim(kind, HOUR, hour, read_at, final):
            return False
        _replace(kind, HOUR, hour, cells)
        day = day_of(hour)
        # Also the lock: two hours of one day must not each add up the other's old cells.
        _claim(kind, DAY, day, read_at, False, always=True)
        _replace(kind, DAY, day, _added_up(kind, day))
    return True


def _claim(
    kind: str, grain: int, begins_at: datetime, read_at: datetime, final: bool, *, always: bool = False
) -> bool:
    row = Made(kind=kind, grain=grain, begins_at=begins_at, read_at=read_at, final=final)
    Made.objects.bulk_create([row], ignore_conflicts=True)
    mine = Made.objects.filter(kind=kind, grain=grain, begins_at=begins_at)
    if not always:
        mine = mine.filter(read_at__lte=read_at)
    return mine.update(read_at=read_at, final=final) == 1


def _replace(kind: str, grain: int, begins_at: datetime, cells: Mapping[Cut, Figures]) -> None:
    Cell.objects.filter(kind=kind, grain=grain, begins_at=begins_at).delete()
    of = partial(Cell, kind=kind, grain=grain, begins_at=begins_at)
    Cell.objects.bulk_create(
        of(cut=cut, value=value, body=figures.packed()) for (cut, value), figures in cells.items()
    )


def _added_up(kind: str, day: datetime) -> Cells:
    cells: Cells = {}
    rows = Cell.objects.filter(
        kind=kind, grain=HOUR, begins_at__gte=day, begins_at__lt=day + timedelta(days=1)
    )
    for cut, value, body in rows.values_list("cut", "value", "body"):
        figures_of(cells, (cut, value)).take(body)
    return cells


def rows_of(kind: str, grain: int, cut: str, since: datetime, until: datetime, **more: Any) -> Any:
    """(begins_at, value, body) of the cells of a cut, oldest first."""
    return (
        Cell.objects.filter(
            kind=kind, grain=grain, cut=cut, begins_at__gte=since, begins_at__lt=until, **more
        )
        .order_by("begins_at")
        .values_list("begins_at", "value", "body")
    )
