"""The nearest vectors among up to a hundred thousand, in this process's memory.

Two steps, both over all entries of one partition and neither a graph to be built: the signs of a vector's
numbers (384 bits) are compared first, and the few that differ least are compared as 8-bit numbers. 436 bytes
an entry. NumPy is imported when the first vector comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPACITY = 100_000  # entries of all partitions together
FINALISTS = 128  # entries whose vectors are compared in full
SCALE = 127.0


class Neighbours:
    """`add` replaces what has the same key. Beyond `capacity` the partitions used longest ago go."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()

    def __len__(self) -> int:
        return sum(shelf.count for shelf in self._shelves.values())

    def add(self, partition: str, key: str, vector: Sequence[float]) -> None:
        shelf = self._shelves.get(partition)
        if shelf is None or shelf.width != len(vector):  # another model's vectors are of no use now
            shelf = self._shelves[partition] = _Shelf(len(vector))
        self._shelves.move_to_end(partition)
        shelf.add(key, vector, self._capacity)
        while len(self) > self._capacity and len(self._shelves) > 1:
            self._shelves.popitem(last=False)

    def has(self, partition: str, key: str) -> bool:
        shelf = self._shelves.get(partition)
        return shelf is not None and key in shelf.rows

    def nearest(self, partition: str, vector: Sequence[float], most: int) -> list[tuple[str, float]]:
        """Up to `most` keys with their cosines, the nearest first."""
        shelf = self._shelves.get(partition)
        if shelf is None or shelf.width != len(vector):
            return []
        self._shelves.move_to_end(partition)
        return shelf.nearest(vector, most)


class _Shelf:
    """One partition: rows that grow by doubling; when it is full, the oldest is written over."""

    def __init__(self, width: int) -> None:
        import numpy

        self.numpy: Any = numpy
        self.width = width
        self.count = 0
        self.rows: dict[str, int] = {}
        self._keys: list[str] = []
        self._next = 0
        self._signs: NDArray[Any] = numpy.zeros((-(-width // 64), 16), numpy.uint64)
        self._numbers: NDArray[Any] = numpy.zeros((16, width), numpy.int8)

    def add(self, key: str, vector: Sequence[float], capacity: int) -> None:
        row = self.rows.get(key)
        if row is None:
            if self.count < capacity:
                row, self.count = self.count, self.count + 1
                self._keys.append(key)
                self._grow()
            else:
                row = self._next
                self._next = (row + 1) % capacity
                del self.rows[self._keys[row]]
                self._keys[row] = key
            self.rows[key] = row
        unit = self._unit(vector)
        self._signs[:, row] = self._bits(unit)
        self._numbers[row] = self.numpy.rint(unit * SCALE / max(float(abs(unit).max()), 1e-9))

    def nearest(self, vector: Sequence[float], most: int) -> list[tuple[str, float]]:
        numpy = self.numpy
        unit = self._unit(vector)
        rows = numpy.arange(self.count)
        if self.count > FINALISTS:
            apart = numpy.zeros(self.count, numpy.uint16)
            for plane, bits in zip(self._signs, self._bits(unit), strict=True):
                apart += numpy.bitwise_count(plane[: self.count] ^ bits)
            rows = numpy.argpartition(apart, FINALISTS)[:FINALISTS]
        candidates = self._numbers[rows].astype(numpy.float32)
        cosines = candidates @ unit / numpy.linalg.norm(candidates, axis=1)
        best = numpy.argsort(-cosines)[:most]
        return [(self._keys[rows[at]], float(cosines[at])) for at in best]

    def _unit(self, vector: Sequence[float]) -> NDArray[Any]:
        array = self.numpy.asarray(vector, self.numpy.float32)
        unit: NDArray[Any] = array / max(float(self.numpy.linalg.norm(array)), 1e-9)
        return unit

    def _bits(self, unit: NDArray[Any]) -> NDArray[Any]:
        packed = self.numpy.packbits(unit > 0)
        whole = self.numpy.zeros(self._signs.shape[0] * 8, self.numpy.uint8)
        whole[: len(packed)] = packed
        bits: NDArray[Any] = whole.view(self.numpy.uint64)
        return bits

    def _grow(self) -> None:
        room = self._numbers.shape[0]
        if self.count > room:
            numpy = self.numpy
            self._signs = numpy.concatenate([self._signs, numpy.zeros_like(self._signs)], axis=1)
            self._numbers = numpy.concatenate([self._numbers, numpy.zeros_like(self._numbers)])
