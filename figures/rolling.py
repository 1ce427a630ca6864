"""From rows to cells, hour by hour, behind everybody's back: what the worker does every half minute."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from figures.cells import Cells, hour_of, replace_hour
from figures.models import HOUR, Made

AN_HOUR = timedelta(hours=1)
# A row says when it ended before its transaction is committed: so long after an hour it may still come.
LATE = timedelta(minutes=10)
HOURS_AT_ONCE = 200  # of a run; the next one goes on


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of cells is made of. `oldest` and `newest` say when the first and the last row ended,
    `read` makes the cells of what ended from one moment to another."""

    kind: str
    oldest: Callable[[], datetime | None]
    newest: Callable[[], datetime | None]
    read: Callable[[datetime, datetime], Cells]


def roll(source: Source, now: datetime) -> int:
    """Make every hour that is not final up to `now`'s; returns how many were made."""
    newest = source.newest()
    if newest is None:
        return 0
    hour, made = _next(source, now), 0
    while hour is not None and hour <= now and made < HOURS_AT_ONCE:
        final = now >= hour + AN_HOUR + LATE
        if final or not _stands(source.kind, hour, newest):
            replace_hour(source.kind, hour, source.read(hour, hour + AN_HOUR), now, final=final)
            made += 1
        hour += AN_HOUR
    return made


def roll_again(source: Source, since: datetime, until: datetime, now: datetime) -> int:
    """Make the hours from `since` to `until` anew, whether they are final or not."""
    hour, made = hour_of(since), 0
    while hour < until:
        made += replace_hour(
            source.kind, hour, source.read(hour, hour + AN_HOUR), now, final=now >= hour + AN_HOUR + LATE
        )
        hour += AN_HOUR
    return made


def _next(source: Source, now: datetime) -> datetime | None:
    """The first hour that is not final."""
    done = Made.objects.filter(kind=source.kind, final=True, grain=HOUR).order_by("-begins_at").first()
    if done is not None:
        return done.begins_at + AN_HOUR
    oldest = source.oldest()
    return None if oldest is None else hour_of(min(oldest, now))


def _stands(kind: str, hour: datetime, newest: datetime) -> bool:
    """Nothing has ended since the hour was last made, and what ended just before has been committed."""
    made = Made.objects.filter(kind=kind, grain=HOUR, begins_at=hour).first()
    return made is not None and made.read_at > newest + timedelta(minutes=1)
