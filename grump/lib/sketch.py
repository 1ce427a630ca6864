"""How values are spread, in a few hundred counts that can be added to others'. Pure.

Logarithmic buckets of a fixed width, so that any quantile is within 1 % of the true value, and two sketches
merge by adding their counts: DDSketch (Masson, Rim and Lee, VLDB 2019). Bounds on the values bound the size:
at most 1,383 buckets.
"""

import math
from collections.abc import Iterable, Sequence

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
LEAST, MOST = 1e-4, 1e8
ZERO = -1_000_000  # the bucket of what is not above nothing

_SCALE = 1 / math.log(GAMMA)


def bucket_of(value: float) -> int:
    if value <= 0:
        return ZERO
    return math.ceil(math.log(min(max(value, LEAST), MOST)) * _SCALE)


def middle_of(bucket: int) -> float:
    """The value that is nearest, in proportion, to both ends of the bucket."""
    return 0.0 if bucket == ZERO else 2 * GAMMA**bucket / (GAMMA + 1)


class Sketch:
    """`counts` by bucket, and the exact sum of what was added."""

    __slots__ = ("counts", "sum")

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.counts: dict[int, int] = {}
        self.sum = 0.0
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        bucket = bucket_of(value)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.sum += value

    def merge(self, other: "Sketch") -> None:
        counts = self.counts
        for bucket, count in other.counts.items():
            counts[bucket] = counts.get(bucket, 0) + count
        self.sum += other.sum

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        return self.sum / self.count if self.counts else None

    def quantile(self, share: float) -> float | None:
        """The value below which `share` of all lie, within 1 %; None of nothing."""
        found = self.quantiles([share])
        return found[0] if found else None

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """Of shares in rising order; empty of nothing."""
        if not self.counts:
            return []
        ranks = [share * (self.count - 1) for share in shares]
        found: list[float] = []
        passed = 0
        for bucket in sorted(self.counts):
            passed += self.counts[bucket]
            while len(found) < len(ranks) and ranks[len(found)] < passed:
                found.append(middle_of(bucket))
        return found

    def share_up_to(self, value: float) -> float | None:
        """Which share is at most `value`, give or take what lies in its own bucket."""
        if not self.counts:
            return None
        last = bucket_of(value)
        return sum(count for bucket, count in self.counts.items() if bucket <= last) / self.count

    # --- Kept and read again ---

    def packed(self) -> list[float]:
        """The sum, then bucket and count by turns: what JSON holds."""
        flat: list[float] = [self.sum]
        for bucket in sorted(self.counts):
            flat += (bucket, self.counts[bucket])
        return flat

    def take(self, packed: Sequence[float]) -> None:
        """Merge what `packed` made; faster than unpacking it first."""
        counts = self.counts
        self.sum += packed[0]
        for bucket, count in zip(packed[1::2], packed[2::2], strict=True):
            counts[int(bucket)] = counts.get(int(bucket), 0) + int(count)
