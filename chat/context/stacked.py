"""The digests of many messages as one, so that a question is a few NumPy operations over all of them. Pure.

Between two questions of a conversation the older messages are mostly the same ones: who keeps a `Stacked`
puts together only what has been added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import is_
from typing import TYPE_CHECKING, Any

from chat.context.digest import PASSAGE, Digest, passages

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Stack:
    """The digests of several messages, one after the other. `message` and `place`: whose unit it is, and its
    number there; `of_term`: whose term it is."""

    message: NDArray[Any]
    place: NDArray[Any]
    starts: NDArray[Any]
    stops: NDArray[Any]
    marks: NDArray[Any]
    keys: NDArray[Any]
    lengths: NDArray[Any]  # in terms
    terms: NDArray[Any]
    of_term: NDArray[Any]
    messages: int

    def __len__(self) -> int:
        return len(self.message)

    @cached_property
    def _by_term(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The terms in order, and whose they are."""
        import numpy

        order = numpy.argsort(self.terms, kind="stable")
        return self.terms[order], self.of_term[order]

    def having(self, term: int) -> NDArray[Any]:
        """The units that have the term, in order, each as often as it has it."""
        terms, units = self._by_term
        first, behind = terms.searchsorted((term, term + 1))
        found: NDArray[Any] = units[first:behind]
        return found

    def amounts(self, wanted: NDArray[Any]) -> NDArray[Any]:
        """How often each of these terms is said."""
        terms, _ = self._by_term
        found: NDArray[Any] = terms.searchsorted(wanted, "right") - terms.searchsorted(wanted)
        return found


def stack(digests: Sequence[Digest], before: Stack | None = None) -> Stack:
    """`before`: of those that come before these."""
    import numpy

    sizes = numpy.array([len(digest.starts) for digest in digests], numpy.int64)

    def joined(name: str) -> NDArray[Any]:
        parts = [getattr(digest, name) for digest in digests]
        return numpy.concatenate(parts).astype(numpy.int64) if parts else numpy.zeros(0, numpy.int64)

    ends = joined("ends")
    first = numpy.cumsum(sizes) - sizes
    lengths = numpy.diff(ends, prepend=0)
    begins = first[sizes > 0]  # each message counts its terms anew
    lengths[begins] = ends[begins]
    own = Stack(
        message=numpy.repeat(numpy.arange(len(digests)), sizes),
        place=numpy.arange(int(sizes.sum())) - numpy.repeat(first, sizes),
        starts=joined("starts"),
        stops=joined("stops"),
        marks=joined("marks"),
        keys=joined("keys"),
        lengths=lengths,
        terms=joined("terms"),
        of_term=numpy.repeat(numpy.arange(len(lengths)), lengths),
        messages=len(digests),
    )
    return own if before is None else _after(before, own)


def _after(before: Stack, own: Stack) -> Stack:
    import numpy

    def both(name: str, more: int = 0) -> NDArray[Any]:
        found: NDArray[Any] = numpy.concatenate([getattr(before, name), getattr(own, name) + more])
        return found

    return Stack(
        message=both("message", before.messages),
        place=both("place"),
        starts=both("starts"),
        stops=both("stops"),
        marks=both("marks"),
        keys=both("keys"),
        lengths=both("lengths"),
        terms=both("terms"),
        of_term=both("of_term", len(before)),
        messages=before.messages + own.messages,
    )


@dataclass(frozen=True, slots=True)
class Passages:
    """Vectors of passages, as they are stored: 8 bits a number. `units`: how many units each has; `norms` 0
    where it was not embedded. `alone`: places of those that were embedded with what they answer, and a
    second time without it; `bare` are those second vectors."""

    width: int
    numbers: NDArray[Any]
    norms: NDArray[Any]
    units: NDArray[Any]
    alone: NDArray[Any]
    bare: NDArray[Any]
    bare_norms: NDArray[Any]


def embedded(digests: Sequence[Digest], vectors: Sequence[bytes], width: int) -> Passages:
    """`vectors` as `digest.pack_vectors` wrote them, one or two for each digest, empty where there are
    none."""
    import numpy

    rows: list[bytes] = []
    units: list[int] = []
    alone: list[int] = []
    bare: list[bytes] = []
    for digest, packed in zip(digests, vectors, strict=True):
        starts, stops = digest.starts, digest.stops
        count = len(starts)
        if not count:
            continue
        if int(stops[-1]) - int(starts[0]) <= PASSAGE:  # most messages are one passage
            if len(packed) == 2 * width:
                alone.append(len(units))
                bare.append(packed[width:])
                packed = packed[:width]
            rows.append(packed if len(packed) == width else bytes(width))
            units.append(count)
            continue
        ranges = passages(starts.tolist(), stops.tolist())
        rows.append(packed if len(packed) == width * len(ranges) else bytes(width * len(ranges)))
        units += [behind - first for first, behind in ranges]
    places = (numpy.array(units, numpy.int64), numpy.array(alone, numpy.int64))
    numbers, seconds = _matrix(rows, width), _matrix(bare, width)
    return Passages(width, numbers, _norms(numbers), places[0], places[1], seconds, _norms(seconds))


def _matrix(rows: Sequence[bytes], width: int) -> NDArray[Any]:
    import numpy

    return numpy.frombuffer(b"".join(rows), numpy.int8).reshape(-1, width)


def _norms(numbers: NDArray[Any]) -> NDArray[Any]:
    import numpy

    found: NDArray[Any] = numpy.linalg.norm(numbers.astype(numpy.float32), axis=1)
    return found


def _and(before: Passages, own: Passages) -> Passages:
    import numpy

    return Passages(
        own.width,
        numpy.concatenate([before.numbers, own.numbers]),
        numpy.concatenate([before.norms, own.norms]),
        numpy.concatenate([before.units, own.units]),
        numpy.concatenate([before.alone, own.alone + len(before.units)]),
        numpy.concatenate([before.bare, own.bare]),
        numpy.concatenate([before.bare_norms, own.bare_norms]),
    )


@dataclass(slots=True)
class Stacked:
    """What was put together last. Objects are compared, not what is in them: neither digests nor vectors are
    ever changed."""

    _digests: list[Digest] = field(default_factory=list)
    _stack: Stack | None = None
    _embedded: list[Digest] = field(default_factory=list)
    _vectors: list[bytes] = field(default_factory=list)
    _passages: Passages | None = None

    def stack(self, digests: Sequence[Digest]) -> Stack:
        known = len(self._digests) if self._stack is not None and _begins(self._digests, digests) else 0
        if self._stack is None or not known or known < len(digests):
            before = self._stack if known else None
            self._stack = stack(digests[known:], before)
            self._digests = list(digests)
        return self._stack

    def passages(self, digests: Sequence[Digest], vectors: Sequence[bytes], width: int) -> Passages:
        before = self._passages
        known = len(self._embedded)
        if (
            before is None
            or before.width != width
            or not _begins(self._embedded, digests)
            or not _begins(self._vectors, vectors)
        ):
            before, known = None, 0
        if before is None or known < len(digests):
            own = embedded(digests[known:], vectors[known:], width)
            self._passages = before = own if before is None else _and(before, own)
            self._embedded, self._vectors = list(digests), list(vectors)
        return before

    def size(self) -> int:
        """Bytes, about."""
        units = len(self._stack) if self._stack is not None else 0
        terms = len(self._stack.terms) if self._stack is not None else 0
        return 56 * units + 32 * terms + (self._passages.numbers.nbytes if self._passages is not None else 0)


def _begins(known: Sequence[Any], found: Sequence[Any]) -> bool:
    return len(known) <= len(found) and all(map(is_, known, found))
