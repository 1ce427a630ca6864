"""The vectors of kept answers: searched in this process, kept in the store for others and later.

A partition's newest vectors stand under one key of the store, 8 bits a number. Two processes that write it at
the same time may lose one of the two entries: then that question is asked once more.
"""

from collections.abc import Sequence

from chat.gateway.answers import Store
from chat.gateway.neighbours import Neighbours

NEWEST = 500  # entries of a partition that others can have
LAST = 7 * 24 * 3600.0  # seconds
_KEY = 32  # hexadecimal digits


class Shelf:
    def __init__(self, store: Store, neighbours: Neighbours) -> None:
        self._store = store
        self._neighbours = neighbours
        self._seen: dict[str, bytes] = {}  # what was last taken over, by partition

    async def load(self, partition: str) -> None:
        """Take over what others added since."""
        blob = await self._read(partition)
        if blob == self._seen.get(partition):
            return
        for key, numbers in _entries(blob):
            if not self._neighbours.has(partition, key):
                self._neighbours.add(partition, key, numbers)
        self._note(partition, blob)

    def nearest(self, partition: str, vector: Sequence[float], most: int) -> list[tuple[str, float]]:
        return self._neighbours.nearest(partition, vector, most)

    async def add(self, partition: str, key: str, vector: Sequence[float], party: str = "") -> None:
        """`party` is forgotten with the whole of the partition, others' vectors in it included."""
        self._neighbours.add(partition, key, vector)
        largest = max(map(abs, vector)) or 1.0
        numbers = bytes(round(number / largest * 127) & 0xFF for number in vector)
        others = [(old, kept) for old, kept in _rows(await self._read(partition)) if old != key]
        kept = [(old, row) for old, row in others if len(row) == len(numbers)][1 - NEWEST :]
        blob = b"".join(_row(old, row) for old, row in [*kept, (key, numbers)])
        self._note(partition, blob)
        await self._store.set(f"semantic:{partition}", blob, LAST, party=party)

    async def _read(self, partition: str) -> bytes:
        blob = await self._store.get(f"semantic:{partition}")
        return blob if isinstance(blob, bytes) else b""

    def _note(self, partition: str, blob: bytes) -> None:
        self._seen.pop(partition, None)
        self._seen[partition] = blob
        while len(self._seen) > 200:
            del self._seen[next(iter(self._seen))]


def _row(key: str, numbers: bytes) -> bytes:
    return bytes.fromhex(key) + len(numbers).to_bytes(2, "big") + numbers


def _rows(blob: bytes) -> list[tuple[str, bytes]]:
    """What `_row` made, one behind the other; what is cut short at the end is left out."""
    rows, at, head = [], 0, _KEY // 2 + 2
    while at + head <= len(blob):
        size = int.from_bytes(blob[at + head - 2 : at + head], "big")
        numbers = blob[at + head : at + head + size]
        if len(numbers) == size > 0:
            rows.append((blob[at : at + _KEY // 2].hex(), numbers))
        at += head + size
    return rows


def _entries(blob: bytes) -> list[tuple[str, list[int]]]:
    return [(key, list(memoryview(numbers).cast("b"))) for key, numbers in _rows(blob)]
