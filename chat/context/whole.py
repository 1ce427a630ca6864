"""What of a conversation stays word for word, and how much room is left for the rest. Pure."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chat.gateway.pricing import TOKENS_PER_MESSAGE

# Of the room that system and last request leave: for recent messages at most, by how much longer the whole
# is.
RECENT = ((1.5, 0.6), (3.0, 0.45), (math.inf, 0.25))
PINNED = 0.5  # for pinned messages at most, the newest first
ONE_MESSAGE = 0.25  # for either message of the exchange before the question, whatever else there is


class Line(Protocol):
    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> int: ...
    @property
    def at(self) -> datetime | None: ...
    @property
    def pinned(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Told:
    """A summary of everything up to and with the line at `place`."""

    place: int
    text: str
    tokens: int


def cost(line: Line) -> int:
    return line.tokens + TOKENS_PER_MESSAGE


@dataclass(frozen=True, slots=True)
class Plan:
    head: tuple[int, ...]  # places of system lines
    pins: tuple[int, ...]
    older: tuple[int, ...]
    recent: tuple[int, ...]
    room: int  # tokens for what is chosen of the older ones
    unpinned: int
    told: bool  # whether the summary is sent


def planned(lines: Sequence[Line], budget: int, summary: Told | None) -> Plan | None:
    """What stays word for word, and the room that is left; None where everything fits."""
    costs = [line.tokens + TOKENS_PER_MESSAGE for line in lines]
    whole = sum(costs)
    last = len(lines) - 1
    if whole <= budget or last == 0:
        return None
    head = tuple([place for place in range(last) if lines[place].role == "system"])
    room = budget - costs[last] - sum([costs[place] for place in head])
    body = [place for place in range(last) if lines[place].role != "system"]
    pins, unpinned = pins_within(lines, body, PINNED * room)
    room -= sum([costs[place] for place in pins])
    free = [place for place in body if place not in pins]
    boundary = _boundary(costs, free, room)
    begins = bisect_left(free, boundary)
    older, recent = tuple(free[:begins]), tuple(free[begins:])
    room -= sum([costs[place] for place in recent])
    told = summary is not None and summary.place < boundary and summary.tokens * 2 <= room
    if told and summary is not None:
        room -= summary.tokens + TOKENS_PER_MESSAGE
    return Plan(head, tuple(sorted(pins)), older, recent, room, unpinned, told)


def pins_within(lines: Sequence[Line], body: Sequence[int], room: float) -> tuple[set[int], int]:
    pins, unpinned = set(), 0
    for place in reversed(body):
        if lines[place].pinned:
            room -= cost(lines[place])
            if room >= 0:
                pins.add(place)
            else:
                unpinned += 1
                room += cost(lines[place])
    return pins, unpinned


def _boundary(costs: Sequence[int], free: Sequence[int], room: float) -> int:
    """The first place that stays word for word. It moves in steps of half the recent part, counted from the
    beginning of the conversation: between two steps the beginning of what is sent stays as it is."""
    whole = sum([costs[place] for place in free])
    if not free or room <= 0:
        return len(costs)
    share = next(share for most, share in RECENT if whole <= most * room)
    step = max(1, int(share * room / 2))
    begins_at = math.ceil((whole - share * room) / step) * step
    so_far, boundary = 0, free[-1] + 1
    for place in free:
        if so_far >= begins_at:
            boundary = place
            break
        so_far += costs[place]
    # The exchange before the question is what it most likely speaks of.
    for place in reversed(free[-2:]):
        if costs[place] > ONE_MESSAGE * room:
            break
        boundary = min(boundary, place)
    return boundary


def older_places(lines: Sequence[Line], budget: int) -> tuple[int, ...]:
    """The lines that would not be sent word for word, oldest first; none where everything fits."""
    plan = planned(lines, budget, None)
    return plan.older if plan is not None else ()
