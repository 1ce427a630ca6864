"""The statements that decide, written out: they run for every message (see grump/lib/rows.py for why).

All are of SQL that SQLite (3.35 on) and PostgreSQL share. A limit that there is not is `NO_LIMIT`, so that a
statement is the same for every plan. The rules that they keep are told in usage/quota.py, their only caller.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from grump.lib.rows import kept_id, read, row
from usage.models import Day, Hold

NO_LIMIT = 2**62

_TAKE = """
UPDATE usage_day SET
    requests = requests + 1,
    held_tokens = held_tokens + %s,
    held_microusd = held_microusd + %s,
    running = running + 1,
    next_request_us = CASE WHEN next_request_us > %s THEN next_request_us ELSE %s END + %s
WHERE id = %s
    AND requests < %s
    AND tokens + held_tokens <= %s
    AND cost_microusd + held_microusd <= %s
    AND running < %s
    AND next_request_us <= %s
RETURNING requests, tokens + held_tokens, cost_microusd + held_microusd
"""

_PAY = """
UPDATE usage_day SET
    requests = requests + %s,
    tokens = tokens + %s,
    cost_microusd = cost_microusd + %s,
    held_tokens = held_tokens - %s,
    held_microusd = held_microusd - %s,
    running = running - 1,
    house_microusd = house_microusd + %s,
    usual_output = CASE
        WHEN %s = 0 THEN usual_output
        WHEN usual_output = 0 THEN %s
        ELSE CAST(round(usual_output + 0.3 * (%s - usual_output)) AS integer)
    END
WHERE id = %s
    AND tokens + held_tokens <= %s
    AND cost_microusd + held_microusd <= %s
RETURNING date
"""

_REMOVE = """
DELETE FROM usage_hold WHERE key = %s
RETURNING owner_id, day_id, team_day_id, tokens, cost_microusd, source, conversation, began_at
"""


class Newest(NamedTuple):
    """What a turn needs to know of the day that is under way, or was last."""

    id: int
    date: date
    ends_at: datetime
    usual_output: int


class Taken(NamedTuple):
    """How the day stands with what was just taken: what is held counts."""

    requests: int
    tokens: int
    cost_microusd: int


class Held(NamedTuple):
    """A hold that was removed."""

    owner_id: int
    day_id: int
    team_day_id: int | None
    tokens: int
    cost_microusd: int
    source: str
    conversation: UUID | None
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """How full a day may be for a turn to begin: each figure before the turn is added."""

    requests: int = NO_LIMIT  # fewer than
    tokens: int = NO_LIMIT  # at most, with what is held
    microusd: int = NO_LIMIT
    running: int = NO_LIMIT  # fewer than
    arrival_us: int = NO_LIMIT  # GCRA: the theoretical arrival time, at most


def take(day_id: int, room: Room, tokens: int, microusd: int, *, now_us: int, step_us: int) -> Taken | None:
    """Hold for one more turn; the day as it then is, or None where there is no room."""
    taken = row(
        _TAKE,
        [
            *[tokens, microusd, now_us, now_us, step_us, day_id],
            *[room.requests, room.tokens, room.microusd, room.running, room.arrival_us],
        ],
    )
    return Taken(*taken) if taken else None


@dataclass(frozen=True, slots=True)
class Bill:
    """`requests` is 0 where the turn counts as one, -1 where it does not after all."""

    requests: int
    tokens: int
    microusd: int
    house_microusd: int
    output: int  # tokens, for what the person's answers usually have; 0 tells nothing of it


def pay(hold: Held, bill: Bill, *, tokens: int = NO_LIMIT, microusd: int = NO_LIMIT) -> date | None:
    """Put `bill` in the hold's place; the day's date, or None where it is fuller than `tokens` or `microusd`,
    or is gone."""
    paid = read(
        Day,
        ("date",),
        _PAY,
        [
            *[bill.requests, bill.tokens, bill.microusd, hold.tokens, hold.cost_microusd],
            *[bill.house_microusd, bill.output, bill.output, bill.output],
            *[hold.day_id, tokens, microusd],
        ],
    )
    return paid[0] if paid else None


def remove_hold(key: UUID) -> Held | None:
    """The hold, for whoever removed it: of two that end the same turn one finds nothing."""
    removed = read(Hold, Held._fields, _REMOVE, [kept_id(key)])
    return Held(*removed) if removed else None


def microseconds(moment: datetime) -> int:
    """Of Unix time."""
    return int(moment.timestamp() * 1_000_000)
