"""Which texts are the same, or nearly: MinHash, its bands as buckets, and union of what meets in one.

Source: A. Broder, "On the resemblance and containment of documents" (1997); Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", chapter 3. The hashing is datasketch's. A text takes 512 bytes of memory,
whatever its length.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
from datasketch import MinHash

HASHES = 128
ROWS = 8  # of a band: 16 bands find 0.8 alike with probability 0.95, 0.9 alike with 0.9999
WORDS, LETTERS = 5, 9  # of a shingle: in words, or where a script has no spaces, in letters

_WORD = re.compile(r"\w+")


def exact(text: str) -> bytes:
    """The same for texts that differ in case and spaces alone."""
    return blake2b(" ".join(text.casefold().split()).encode(), digest_size=16).digest()


def signature(text: str, seed: int) -> bytes:
    hashed = MinHash(num_perm=HASHES, seed=seed, scheme="affine32")
    hashed.update_batch(sorted(_shingles(text.casefold())))
    return np.asarray(hashed.hashvalues, dtype=np.uint32).tobytes()


def _shingles(text: str) -> set[bytes]:
    words = _WORD.findall(text)
    if len(text) > 12 * len(words):
        plain = "".join(words)
        return {
            plain[at : at + LETTERS].encode("utf-8", "surrogatepass")
            for at in range(max(1, len(plain) - LETTERS + 1))
        }
    return {
        " ".join(words[at : at + WORDS]).encode("utf-8", "surrogatepass")
        for at in range(max(1, len(words) - WORDS + 1))
    }


def clusters(signatures: bytes | bytearray, alike: float) -> list[int]:
    """For each text the first one of those it is nearly the same as, through others too: itself where there
    is none. `signatures` are those of all texts, one behind the other; `alike` is the Jaccard index,
    estimated."""
    rows = np.frombuffer(signatures, dtype=np.uint32).reshape(-1, HASHES)
    roots = Roots(len(rows))
    for band in range(0, HASHES, ROWS):
        for bucket in _buckets(np.ascontiguousarray(rows[:, band : band + ROWS])):
            for place, one in enumerate(bucket[:-1]):
                others = bucket[place + 1 :]
                same = (rows[others] == rows[one]).mean(axis=1) >= alike
                for other in others[same]:
                    roots.join(int(one), int(other))
    return [roots.of(number) for number in range(len(rows))]


def _buckets(keys: np.ndarray) -> Iterator[np.ndarray]:
    """The numbers of the rows that are equal, wherever more than one is."""
    if not len(keys):
        return
    whole = keys.view(np.dtype((np.void, keys.dtype.itemsize * keys.shape[1]))).ravel()
    order = np.argsort(whole, kind="stable")
    edges = np.flatnonzero(whole[order][1:] != whole[order][:-1]) + 1
    for bucket in np.split(order, edges):
        if len(bucket) > 1:
            yield bucket


class Roots:
    """Union and find; the root of a set is its smallest number."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, one: int) -> int:
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.of(one), self.of(other)))
        self._above[high] = low
