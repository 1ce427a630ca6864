"""`fit`: a conversation made to fit a number of tokens, for the question at its end. Pure.

What is sent, in this order, so that a provider's prompt cache finds the same beginning again and again:

1. the system's words, word for word;
2. a summary of what is furthest back, where there is one; it is made anew rarely;
3. pinned messages, word for word;
4. the recent messages, word for word, from a boundary that moves in large steps and stays between them;
5. what the older messages hold for this very question: chosen sentences, in order, with speaker and time;
6. the last request, word for word, always.

Nothing is left out silently: the note says what was kept, shortened and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from chat.context.rendering import Ranges, merged, rendered
from chat.context.window import CAUTION
from chat.gateway.counting import count_tokens
from chat.gateway.pricing import TOKENS_PER_MESSAGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chat.context.digest import Digest
    from chat.context.scoring import Stack, Weights

# Of the room that system and last request leave: for recent messages at most, by how much longer the whole
# is.
RECENT = ((1.5, 0.6), (3.0, 0.45), (math.inf, 0.25))
PINNED = 0.5  # for pinned messages at most, the newest first
ONE_MESSAGE = 0.25  # for either message of the exchange before the question, whatever else there is
SPREAD = 0.05  # of what is chosen: not by the question but from all over the conversation
SEGMENTS = 12
HEADER = 10  # tokens of a speaker and a time
OPENING = 28  # tokens of the sentence before what was chosen
TRIES = 5
LEAST_UNIT = 6  # tokens: with less room nothing more is tried
LEAST_ROOM = OPENING + HEADER + LEAST_UNIT
BEFORE = 600  # characters of each message of the exchange before, for a question that leans on it


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
class Made:
    """A message of our own making."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Shortened:
    """What of a conversation was sent. Counts are of messages; `before` and `after` of tokens. `ranges`: of
    the messages that were shortened, by their place, which characters were kept."""

    before: int
    after: int
    whole: int
    parts: int
    out: int
    unpinned: int = 0  # pinned messages for which there was no room
    summarised: int = 0
    ranges: Mapping[int, Ranges] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """`pieces` in the order in which they are sent: a line's place, for all of it, or a message of our own.
    `shortened` is None where everything is sent as it is."""

    pieces: tuple[int | Made, ...]
    shortened: Shortened | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A summary of everything up to and with the line at `place`."""

    place: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Known:
    """What was worked out before. By a line's place; a digest that is missing is made."""

    digests: Mapping[int, Digest] = field(default_factory=dict)
    vectors: Mapping[int, bytes] = field(default_factory=dict)
    query: NDArray[Any] | None = None  # the question's own vector
    summary: Told | None = None


NOTHING_KNOWN = Known()


def cost(line: Line) -> int:
    return line.tokens + TOKENS_PER_MESSAGE


def fit(
    lines: Sequence[Line],
    budget: int,
    query: str | None = None,
    known: Known = NOTHING_KNOWN,
    weights: Weights | None = None,
) -> Fitted:
    """`lines` oldest first, at least one; the last one is the request. `query` is what the sentences are
    chosen for, the last request where it is None."""
    plan = _plan(lines, budget, known.summary)
    if plan is None:
        return Fitted(tuple(range(len(lines))))
    text = lines[-1].text if query is None else query
    chosen: dict[int, Ranges] = {}
    made = ""
    room = plan.room
    choosing = _Choosing(lines, plan, text, known, weights) if room >= LEAST_ROOM and plan.older else None
    for _ in range(
        TRIES
    ):  # what a sentence takes is estimated: where it was too little, with less room again
        if choosing is None or room < LEAST_ROOM:
            made, chosen = "", {}
            break
        chosen = choosing.within(room - OPENING)
        made = rendered(lines, chosen)
        takes = math.ceil(CAUTION * count_tokens(made)) + TOKENS_PER_MESSAGE
        if takes <= plan.room:
            break
        room = min(int(room * 0.95), int(room * (plan.room / takes) ** 1.5))
    else:
        made, chosen = "", {}
    return _fitted(lines, plan, chosen, made, known.summary)


@dataclass(frozen=True, slots=True)
class _Plan:
    head: tuple[int, ...]  # places of system lines
    pins: tuple[int, ...]
    older: tuple[int, ...]
    recent: tuple[int, ...]
    room: int  # tokens for what is chosen of the older ones
    unpinned: int
    told: bool  # whether the summary is sent


def _plan(lines: Sequence[Line], budget: int, summary: Told | None) -> _Plan | None:
    """What stays word for word, and the room that is left; None where everything fits."""
    whole = sum(map(cost, lines))
    last = len(lines) - 1
    if whole <= budget or last == 0:
        return None
    head = tuple(place for place in range(last) if lines[place].role == "system")
    room = budget - cost(lines[last]) - sum(cost(lines[place]) for place in head)
    body = [place for place in range(last) if lines[place].role != "system"]
    pins, unpinned = _pins(lines, body, PINNED * room)
    room -= sum(cost(lines[place]) for place in pins)
    free = [place for place in body if place not in pins]
    boundary = _boundary(lines, free, room)
    recent = tuple(place for place in free if place >= boundary)
    older = tuple(place for place in free if place < boundary)
    room -= sum(cost(lines[place]) for place in recent)
    told = summary is not None and summary.place < boundary and summary.tokens * 2 <= room
    if told and summary is not None:
        room -= summary.tokens + TOKENS_PER_MESSAGE
    return _Plan(head, tuple(sorted(pins)), older, recent, room, unpinned, told)


def _pins(lines: Sequence[Line], body: Sequence[int], room: float) -> tuple[set[int], int]:
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


def _boundary(lines: Sequence[Line], free: Sequence[int], room: float) -> int:
    """The first place that stays word for word. It moves in steps of half the recent part, counted from the
    beginning of the conversation: between two steps the beginning of what is sent stays as it is."""
    whole = sum(cost(lines[place]) for place in free)
    if not free or room <= 0:
        return len(lines)
    share = next(share for most, share in RECENT if whole <= most * room)
    step = max(1, int(share * room / 2))
    begins_at = math.ceil((whole - share * room) / step) * step
    so_far, boundary = 0, free[-1] + 1
    for place in free:
        if so_far >= begins_at:
            boundary = place
            break
        so_far += cost(lines[place])
    # The exchange before the question is what it most likely speaks of.
    for place in reversed(free[-2:]):
        if cost(lines[place]) > ONE_MESSAGE * room:
            break
        boundary = min(boundary, place)
    return boundary


def older_places(lines: Sequence[Line], budget: int) -> tuple[int, ...]:
    """The lines that would not be sent word for word, oldest first; none where everything fits."""
    plan = _plan(lines, budget, None)
    return plan.older if plan is not None else ()


def extract(lines: Sequence[Line], room: int, known: Known = NOTHING_KNOWN) -> str:
    """The most telling sentences of `lines` in about `room` tokens, whatever may be asked. Empty for no
    room."""
    if not lines or room < LEAST_ROOM:
        return ""
    plan = _Plan((), (), tuple(range(len(lines))), (), room, 0, False)
    return rendered(lines, _Choosing(lines, plan, "", known, None).within(room - OPENING))


def newest(lines: Sequence[Line], budget: int) -> Fitted:
    """The cheap way, for when nothing better is at hand: the system's words, pinned messages, and the newest
    that fit. What is older is left out, and the note says so."""
    whole, last = sum(map(cost, lines)), len(lines) - 1
    if whole <= budget:
        return Fitted(tuple(range(len(lines))))
    kept = {last, *(place for place in range(last) if lines[place].role == "system")}
    room = budget - sum(cost(lines[place]) for place in kept)
    body = [place for place in range(last) if place not in kept]
    pins, unpinned = _pins(lines, body, PINNED * room)
    room -= sum(cost(lines[place]) for place in pins)
    kept |= pins
    for place in reversed(body):
        if place in pins:
            continue
        room -= cost(lines[place])
        if room < 0:
            break
        kept.add(place)
    after = sum(cost(lines[place]) for place in kept)
    out = len(lines) - len(kept)
    if not out:  # and yet too long: the request alone is
        return Fitted(tuple(range(len(lines))))
    return Fitted(tuple(sorted(kept)), Shortened(whole, after, len(kept), 0, out, unpinned))


# --- Choosing ------------------------------------------------------------------------------------


class _Choosing:
    """The older messages' units, scored once for one question."""

    def __init__(
        self, lines: Sequence[Line], plan: _Plan, query: str, known: Known, weights: Weights | None
    ) -> None:
        from chat.context import digest, scoring

        weights = weights or scoring.fitted_weights()
        digests = [known.digests.get(place) or digest.make(lines[place].text) for place in plan.older]
        before = " ".join(lines[place].text[:BEFORE] for place in plan.recent[-2:])
        asked = scoring.query_of(query, before, weights, known.query)
        vectors = [known.vectors.get(place, b"") for place in plan.older]
        self._lines, self._places = lines, plan.older
        self._units = scoring.stack(digests)
        self._scores = scoring.score(self._units, asked, vectors, digests, weights)
        self._said = _said_whole(lines, plan, known)

    def within(self, room: int) -> dict[int, Ranges]:
        taken = _Selection(self._lines, self._places, self._units, self._said, room)
        taken.take_best(self._scores, SPREAD)
        return taken.ranges()


def _said_whole(lines: Sequence[Line], plan: _Plan, known: Known) -> set[int]:
    """Keys of what is sent word for word anyway."""
    from chat.context import digest

    found: set[int] = set()
    for place in {*plan.pins, *plan.recent, len(lines) - 1}.difference(plan.older):
        found.update((known.digests.get(place) or digest.make(lines[place].text)).keys.tolist())
    found.discard(0)
    return found


class _Selection:
    """Units taken one by one while there is room. `places` are the lines' places, by the stack's messages."""

    def __init__(
        self, lines: Sequence[Line], places: Sequence[int], units: Stack, said: set[int], room: int
    ) -> None:
        import numpy

        from chat.context.units import Mark

        self.places = places
        self.units = units
        self.room = room
        self.taken: set[int] = set()
        self.begun: set[int] = set()  # messages of which something is taken
        texts = [lines[place] for place in places]
        rates = numpy.array([line.tokens / max(len(line.text), 1) for line in texts])
        lengths = units.stops - units.starts
        self.costs = (
            (numpy.ceil(lengths * rates[units.message]).astype(int) + 1).tolist() if len(units) else []
        )
        self.message = units.message.tolist()
        self.leans = ((units.marks & int(Mark.LEANS)) != 0).tolist()
        self.gone = self._repeated(said, (units.marks & int(Mark.QUOTE)) != 0)

    def _repeated(self, said: set[int], quoted: Any) -> set[int]:
        """Units that need not be said: they are sent word for word anyway, or are said again later. Of a text
        and what quotes it, the text stays."""
        gone: set[int] = set()
        last: dict[int, int] = {}
        for place, key in enumerate(self.units.keys.tolist()):
            if not key:
                continue
            if key in said:
                gone.add(place)
            elif key not in last:
                last[key] = place
            elif quoted[place] and not quoted[last[key]]:
                gone.add(place)
            else:
                gone.add(last[key])
                last[key] = place
        return gone

    def take_best(self, scores: Any, spread: float) -> None:
        import numpy

        order = numpy.argsort(-scores, kind="stable").tolist()
        apart = int(self.room * spread)
        self.room -= apart
        self._take_in(order)
        self.room += apart
        segments = max(1, min(SEGMENTS, len(self.places)))
        of_segment: list[list[int]] = [[] for _ in range(segments)]
        for unit in order:
            of_segment[self.message[unit] * segments // len(self.places)].append(unit)
        # Segments of which least is known come first.
        known = [sum(unit in self.taken for unit in units) / max(len(units), 1) for units in of_segment]
        by_need = [of_segment[place] for place in sorted(range(segments), key=known.__getitem__)]
        for turn in range(max(map(len, by_need), default=0)):
            if self.room < LEAST_UNIT:
                return
            self._take_in([units[turn] for units in by_need if turn < len(units)])

    def _take_in(self, order: Sequence[int]) -> None:
        for unit in order:
            if self.room < LEAST_UNIT:
                return
            if unit in self.taken or unit in self.gone:
                continue
            before = unit - 1
            leans = self.leans[unit] and unit > 0 and before not in self.gone and before not in self.taken
            if leans and self.message[before] >= self.message[unit] - 1 and self._take(before, unit):
                continue
            self._take(unit)

    def _take(self, *units: int) -> bool:
        """All of them, if there is room."""
        new = {self.message[unit] for unit in units} - self.begun
        price = sum(self.costs[unit] for unit in units) + HEADER * len(new)
        if price > self.room:
            return False
        self.room -= price
        self.taken.update(units)
        self.begun |= new
        return True

    def ranges(self) -> dict[int, Ranges]:
        found: dict[int, list[tuple[int, int]]] = {}
        places, starts, stops = (
            self.units.place.tolist(),
            self.units.starts.tolist(),
            self.units.stops.tolist(),
        )
        last: tuple[int, int] | None = None  # message and place in it of the unit before
        for unit in sorted(self.taken):
            here = (self.message[unit], places[unit])
            spans = found.setdefault(self.places[here[0]], [])
            if last == (here[0], here[1] - 1):
                spans[-1] = (spans[-1][0], stops[unit])
            else:
                spans.append((starts[unit], stops[unit]))
            last = here
        return {place: merged(spans) for place, spans in found.items()}


# --- Putting together ----------------------------------------------------------------------------


def _fitted(
    lines: Sequence[Line], plan: _Plan, chosen: Mapping[int, Ranges], made: str, summary: Told | None
) -> Fitted:
    last = len(lines) - 1
    pieces: list[int | Made] = [*plan.head]
    after = sum(cost(lines[place]) for place in (*plan.head, *plan.pins, *plan.recent, last))
    if plan.told and summary is not None:
        pieces.append(Made("user", f"[Summary of the beginning of this conversation]\n{summary.text}"))
        after += summary.tokens + TOKENS_PER_MESSAGE
    pieces += sorted((*plan.pins, *plan.recent))
    if made:
        pieces.append(Made("user", made))
        after += count_tokens(made) + TOKENS_PER_MESSAGE
    pieces.append(last)
    if len(pieces) == len(lines) and not made:
        return Fitted(tuple(range(len(lines))))
    whole = len(plan.head) + len(plan.pins) + len(plan.recent) + 1
    shortened = Shortened(
        before=sum(map(cost, lines)),
        after=after,
        whole=whole,
        parts=len(chosen),
        out=len(lines) - whole - len(chosen),
        unpinned=plan.unpinned,
        summarised=summary.place + 1 if plan.told and summary is not None else 0,
        ranges=chosen,
    )
    return Fitted(tuple(pieces), shortened)
