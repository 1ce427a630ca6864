"""Which sentences of older messages are sent: scored for the question, taken while there is room. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat.context.rendering import Ranges, merged
from chat.context.whole import Line, Plan, Told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chat.context.digest import Digest
    from chat.context.scoring import Stack, Weights

SPREAD = 0.05  # of what is chosen: not by the question but from all over the conversation
SEGMENTS = 12
HEADER = 10  # tokens of a speaker and a time
LEAST_UNIT = 6  # tokens: with less room nothing more is tried
BEFORE = 600  # characters of each message of the exchange before, for a question that leans on it


@dataclass(frozen=True, slots=True)
class Known:
    """What was worked out before. By a line's place; a digest that is missing is made."""

    digests: Mapping[int, Digest] = field(default_factory=dict)
    vectors: Mapping[int, bytes] = field(default_factory=dict)
    query: NDArray[Any] | None = None  # the question's own vector
    summary: Told | None = None


NOTHING_KNOWN = Known()


class Choosing:
    """The older messages' units, scored once for one question."""

    def __init__(
        self, lines: Sequence[Line], plan: Plan, query: str, known: Known, weights: Weights | None
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


def _said_whole(lines: Sequence[Line], plan: Plan, known: Known) -> set[int]:
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

    def _take(self, unit: int, other: int | None = None) -> bool:
        """It, and the other one with it, if there is room."""
        message = self.message[unit]
        price = self.costs[unit] + (0 if message in self.begun else HEADER)
        if other is not None:
            price += self.costs[other]
            if self.message[other] != message and self.message[other] not in self.begun:
                price += HEADER
        if price > self.room:
            return False
        self.room -= price
        self.taken.add(unit)
        self.begun.add(message)
        if other is not None:
            self.taken.add(other)
            self.begun.add(self.message[other])
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
