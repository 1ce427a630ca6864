"""Which sentences of older messages are sent: scored for the question, taken while there is room. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from chat.context.rendering import Ranges, merged
from chat.context.whole import Line, Plan, Told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chat.context.digest import Digest
    from chat.context.scoring import Weights
    from chat.context.stacked import Stack, Stacked

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
    stacked: Stacked | None = None  # what was put together for the question before


NOTHING_KNOWN = Known()


class Choosing:
    """The older messages' units, scored once for one question."""

    def __init__(
        self, lines: Sequence[Line], plan: Plan, query: str, known: Known, weights: Weights | None
    ) -> None:
        from chat.context import scoring
        from chat.context.stacked import Stacked

        weights = weights or scoring.fitted_weights()
        digests = [_digest_of(lines, place, known) for place in plan.older]
        before = " ".join(lines[place].text[:BEFORE] for place in plan.recent[-2:])
        asked = scoring.query_of(query, before, weights, known.query)
        stacked = known.stacked or Stacked()
        units = stacked.stack(digests)
        passages = None
        if known.query is not None:
            vectors = [known.vectors.get(place, b"") for place in plan.older]
            passages = stacked.passages(digests, vectors, len(known.query))
        scores = scoring.score(units, asked, passages, weights)
        self._selection = _Selection(lines, plan.older, units, _said_whole(lines, plan, known), scores)

    def within(self, room: int) -> dict[int, Ranges]:
        return self._selection.within(room)


def _digest_of(lines: Sequence[Line], place: int, known: Known) -> Digest:
    found = known.digests.get(place)
    if found is None:
        from chat.context import digest

        found = digest.make(lines[place].text)
    return found


def _said_whole(lines: Sequence[Line], plan: Plan, known: Known) -> set[int]:
    """Keys of what is sent word for word anyway."""
    import numpy

    places = sorted({*plan.pins, *plan.recent, len(lines) - 1}.difference(plan.older))
    keys = [_digest_of(lines, place, known).keys for place in places]
    found = set(numpy.concatenate(keys).tolist()) if keys else set()
    found.discard(0)
    return found


_TAKEN, _GONE = 1, 2


class _Selection:
    """Units taken one by one while there is room. `places` are the lines' places, by the stack's messages."""

    def __init__(
        self, lines: Sequence[Line], places: Sequence[int], units: Stack, said: set[int], scores: Any
    ) -> None:
        import numpy

        from chat.context.units import Mark

        self.places = places
        texts = [lines[place] for place in places]
        rates = numpy.array([line.tokens / max(len(line.text), 1) for line in texts])
        lengths = units.stops - units.starts
        self.costs = (
            (numpy.ceil(lengths * rates[units.message]).astype(int) + 1).tolist() if len(units) else []
        )
        self.message, self.place = units.message.tolist(), units.place.tolist()
        self.starts, self.stops = units.starts.tolist(), units.stops.tolist()
        # A unit leans on the one before it, if that is said in the same message or at the end of the last.
        leans = (units.marks & int(Mark.LEANS)) != 0
        leans[:1] = False
        leans[1:] &= units.message[:-1] >= units.message[1:] - 1
        self.leans = leans.tolist()
        self.gone = _repeated(units.keys.tolist(), said, ((units.marks & int(Mark.QUOTE)) != 0).tolist())
        order = numpy.argsort(-scores, kind="stable")
        self.order = order.tolist()
        segments = max(1, min(SEGMENTS, len(places)))
        of_unit = units.message * segments // max(len(places), 1)
        of_order = of_unit[order]
        self.of_segment = [order[of_order == segment].tolist() for segment in range(segments)]
        self.segment = of_unit
        # What was taken or is gone; of which messages something was taken; and the room that is left.
        self.state, self.begun, self.room = bytearray(), bytearray(), 0

    def within(self, room: int) -> dict[int, Ranges]:
        self.state, self.begun, self.room = bytearray(self.gone), bytearray(len(self.places)), room
        apart = int(room * SPREAD)
        self.room -= apart
        self._take_in(self.order)
        self.room += apart
        self._spread()
        return self._ranges()

    def _spread(self) -> None:
        import numpy

        # Segments of which least is known come first.
        taken = numpy.frombuffer(bytes(self.state), numpy.uint8) == _TAKEN
        amounts = numpy.bincount(self.segment[taken], minlength=len(self.of_segment)).tolist()
        known = [amount / max(len(units), 1) for amount, units in zip(amounts, self.of_segment, strict=True)]
        by_need = [self.of_segment[place] for place in sorted(range(len(known)), key=known.__getitem__)]
        for units in zip_longest(*by_need):
            if self.room < LEAST_UNIT:
                return
            self._take_in([unit for unit in units if unit is not None])

    def _take_in(self, order: Sequence[int]) -> None:
        """Each of them, and what it leans on with it, if there is room. One loop without a call: it goes over
        thousands of units, several times."""
        state, begun, room = self.state, self.begun, self.room
        costs, message, leans = self.costs, self.message, self.leans
        for unit in order:
            if room < LEAST_UNIT:
                break
            if state[unit]:
                continue
            own = message[unit]
            price = costs[unit] if begun[own] else costs[unit] + HEADER
            if leans[unit] and not state[unit - 1]:
                other = message[unit - 1]
                both = price + costs[unit - 1]
                if other != own and not begun[other]:
                    both += HEADER
                if both <= room:
                    room -= both
                    state[unit] = state[unit - 1] = _TAKEN
                    begun[own] = begun[other] = 1
                    continue
            if price <= room:
                room -= price
                state[unit] = _TAKEN
                begun[own] = 1
        self.room = room

    def _ranges(self) -> dict[int, Ranges]:
        found: dict[int, list[tuple[int, int]]] = {}
        message, place, starts, stops = self.message, self.place, self.starts, self.stops
        last_message, last_place = -1, -1
        for unit in (at for at, state in enumerate(self.state) if state == _TAKEN):
            own, here = message[unit], place[unit]
            if own != last_message:
                spans = found[self.places[own]] = [(starts[unit], stops[unit])]
            elif here == last_place + 1:
                spans[-1] = (spans[-1][0], stops[unit])
            else:
                spans.append((starts[unit], stops[unit]))
            last_message, last_place = own, here
        return {place: merged(spans) if len(spans) > 1 else tuple(spans) for place, spans in found.items()}


def _repeated(keys: Sequence[int], said: set[int], quoted: Sequence[bool]) -> bytearray:
    """Units that need not be said: they are sent word for word anyway, or are said again later. Of a text
    and what quotes it, the text stays."""
    gone = bytearray(len(keys))
    last: dict[int, int] = {}
    for place, key in enumerate(keys):
        if not key:
            continue
        if key in said:
            gone[place] = _GONE
        elif key not in last:
            last[key] = place
        elif quoted[place] and not quoted[last[key]]:
            gone[place] = _GONE
        else:
            gone[last[key]] = _GONE
            last[key] = place
    return gone
