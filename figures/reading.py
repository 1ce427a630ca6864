"""Reading what was added up. A constant number of queries and a bounded number of cells each, whatever the
number of events behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from figures.cells import ALL, Cut, Figures, day_of, hour_of, rows_of
from figures.models import DAY, HOUR
from grump.lib.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Window:
    """So many hours or days up to now, the one under way included."""

    name: str
    grain: int
    steps: int

    @property
    def step(self) -> timedelta:
        return timedelta(hours=self.grain)

    def begins(self, now: datetime) -> datetime:
        last = hour_of(now) if self.grain == HOUR else day_of(now)
        return last - (self.steps - 1) * self.step


WINDOWS: Mapping[str, Window] = {
    window.name: window
    for window in (Window("day", HOUR, 24), Window("week", HOUR, 7 * 24), Window("month", DAY, 30))
}


@dataclass(frozen=True, slots=True)
class Series:
    """All of a window, and each of its steps, oldest first; empty ones included."""

    total: Figures
    steps: list[tuple[datetime, Figures]]


def series(kind: str, window: Window, now: datetime, cut: Cut = ALL) -> Series:
    """One query of at most as many cells as the window has steps."""
    begins = window.begins(now)
    steps = {begins + number * window.step: Figures() for number in range(window.steps)}
    total = Figures()
    for begins_at, _, body in rows_of(kind, window.grain, cut[0], begins, now, value=cut[1]):
        if begins_at in steps:
            steps[begins_at].take(body)
    for figures in steps.values():
        total.merge(figures)
    return Series(total, list(steps.items()))


def by(kind: str, window: Window, now: datetime, cut: str) -> dict[str, Figures]:
    """The figures of each value of a cut. One query; of days where the window is longer than one: a day's
    cell costs what an hour's does."""
    grain = HOUR if window.steps * window.grain <= DAY else DAY
    begins = window.begins(now)
    if grain != window.grain:
        begins = day_of(begins)
    found: dict[str, Figures] = {}
    for _, value, body in rows_of(kind, grain, cut, begins, now):
        figures = found.get(value)
        if figures is None:
            figures = found[value] = Figures()
        figures.take(body)
    return found


def browser_sketches(
    since: datetime, until: datetime, cut: str = "variant", beginning: str = ""
) -> dict[tuple[str, str], Sketch]:
    """How browser timings are spread: (metric, value of the cut) → sketch, of values that begin so. Whole
    hours, one query."""
    found: dict[tuple[str, str], Sketch] = {}
    more = {"value__startswith": beginning} if beginning else {}
    for _, value, body in rows_of("browser", HOUR, cut, hour_of(since), until, **more):
        figures = Figures()
        figures.take(body)
        for name, sketch in figures.sketches.items():
            found.setdefault((name, value), Sketch()).merge(sketch)
    return found
