"""A message as numbers: what choosing from it needs, worked out once and kept with it.

Some 700 bytes for 400 characters. NumPy is imported when the first one is made or read.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from chat.context.terms import terms
from chat.context.units import Mark, Unit, cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
_HEADER = 4  # numbers before the arrays: version, units, terms, tokens
PASSAGE = 320  # characters that are embedded together, about
BRIEF = 80  # characters: less is embedded with the end of what it answers
SAME_WORDS = 4  # fewer may be said twice and mean two things
SCALE = 127.0


@dataclass(frozen=True, slots=True)
class Digest:
    """Arrays over the units of one message, in order. `keys`: equal where the words are, 0 where too few to
    tell. `terms` belong to the units in turn, `ends[i]` of them up to and with unit i."""

    starts: NDArray[Any]
    stops: NDArray[Any]
    marks: NDArray[Any]
    keys: NDArray[Any]
    ends: NDArray[Any]
    terms: NDArray[Any]
    numbers: NDArray[Any]  # all of it in one, as it is stored

    def __len__(self) -> int:
        return len(self.starts)

    def pack(self) -> bytes:
        return self.numbers.tobytes()


def unpack(packed: bytes | memoryview) -> Digest | None:
    """None for what another version has written."""
    import numpy

    numbers = numpy.frombuffer(packed, numpy.uint32)
    if len(numbers) < _HEADER or numbers[0] != VERSION:
        return None
    units, count = int(numbers[1]), int(numbers[2])
    if len(numbers) != _HEADER + 5 * units + count:
        return None
    return _over(numbers, units)


def _over(numbers: NDArray[Any], units: int) -> Digest:
    first, body = _HEADER, _HEADER + 5 * units
    starts, stops, marks, keys, ends = numbers[first:body].reshape(5, units)
    return Digest(starts, stops, marks, keys, ends, numbers[body:], numbers)


def make(text: str) -> Digest:
    import numpy

    units = cut(text)
    found: list[int] = []
    ends, keys = [], []
    for start, end, _ in units:
        words = terms(text[start:end])
        found += words
        ends.append(len(found))
        keys.append(crc32(array("I", words).tobytes()) if len(words) >= SAME_WORDS else 0)
    starts, stops, marks = zip(*units, strict=True) if units else ((), (), ())
    # One array, of which the others are views: six of a few numbers each took longer than finding them.
    head = (VERSION, len(units), len(found), 0)
    return _over(
        numpy.array([*head, *starts, *stops, *marks, *keys, *ends, *found], numpy.uint32), len(units)
    )


# --- Passages: what is embedded ------------------------------------------------------------------


def passages(starts: Sequence[int], stops: Sequence[int]) -> list[tuple[int, int]]:
    """Units that are embedded together, as ranges (first, behind the last): neighbours, up to about PASSAGE
    characters. A function of the digest alone, so that vectors need no places of their own."""
    found: list[tuple[int, int]] = []
    first = 0
    for place in range(len(starts)):
        if place > first and int(stops[place]) - int(starts[first]) > PASSAGE:
            found.append((first, place))
            first = place
    if len(starts):
        found.append((first, len(starts)))
    return found


def texts_of(text: str, digest: Digest, before: str = "") -> list[str]:
    """The passages' texts. A message of few words may mean nothing without what it answers, and something
    else with it: it is embedded both ways. `before` is the message that it follows."""
    found = [
        text[int(digest.starts[first]) : int(digest.stops[behind - 1])]
        for first, behind in passages(digest.starts.tolist(), digest.stops.tolist())
    ]
    if before and len(found) == 1 and len(text) < BRIEF:
        return [f"{before[-BRIEF:].strip()}\n{found[0]}", found[0]]
    return found


def pack_vectors(vectors: Sequence[Sequence[float]]) -> bytes:
    """As unit vectors of 8-bit numbers, one after the other."""
    import numpy

    units = numpy.array(vectors, numpy.float32)
    units /= numpy.maximum(numpy.linalg.norm(units, axis=1, keepdims=True), 1e-9)
    largest = numpy.maximum(numpy.abs(units).max(axis=1, keepdims=True), 1e-9)
    return numpy.rint(units / largest * SCALE).astype(numpy.int8).tobytes()


def unit_of(vector: Sequence[float]) -> NDArray[Any]:
    import numpy

    raw = numpy.asarray(vector, numpy.float32)
    unit: NDArray[Any] = raw / max(float(numpy.linalg.norm(raw)), 1e-9)
    return unit


__all__ = ["Digest", "Mark", "Unit", "make", "pack_vectors", "passages", "texts_of", "unit_of", "unpack"]
