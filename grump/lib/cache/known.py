"""What the third tier cannot have: a question that is new, as most are, need not ask the database.

A Bloom filter over the stored entries' digests, filled from the table once this process hears what others
keep, and told from then on of every key that is kept here or there. What it does not know is not stored; what
it knows may be, or may have ended since. Before it is filled, and after something may have been missed,
everything may be stored.
"""

import threading

from django.db import DatabaseError

from grump.lib.cache import stored

# Half a megabyte: with as many rows as the table may have, one new question in 800 is looked for in vain.
BITS = 1 << 22
MASK = BITS - 1
PAGE = 2000  # rows of one look into the table
WORN = 4 * stored.MOST_ROWS  # told of so many, most have ended: it is filled anew


class Known:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bits = bytearray(BITS // 8)
        self._told = 0
        self._era = 0  # begins anew with each `forget`
        self._filling, self._filling_era, self._last = False, 0, ""
        self.filled = False

    def may_have(self, full_key: str) -> bool:
        if not self.filled:
            return True
        bits = self._bits
        return all(bits[place >> 3] & (1 << (place & 7)) for place in _places(stored.digest(full_key)))

    def add(self, full_key: str) -> None:
        with self._lock:
            self._add(stored.digest(full_key))
            self._told += 1
            worn = self._told > WORN
        if worn:
            self.forget()

    def forget(self) -> None:
        """Something may have been missed."""
        with self._lock:
            self._bits = bytearray(BITS // 8)
            self.filled, self._told, self._era = False, 0, self._era + 1

    def begins_to_fill(self) -> bool:
        """True for the one who is to call `fill_on` while it says so, and `ends_filling` at last."""
        with self._lock:
            if self.filled or self._filling:
                return False
            self._filling, self._filling_era, self._last = True, self._era, ""
            return True

    def fill_on(self) -> bool:
        """A page of the table more; True while there is more to come. Synchronous, for a database thread, and
        others want that meanwhile. What fails leaves it unfilled."""
        try:
            keys = stored.keys(self._last, PAGE)
        except DatabaseError:
            return False
        with self._lock:
            if self._filling_era != self._era:
                return False
            for key in keys:
                self._add(key)
            if keys:
                self._last = keys[-1]
            else:
                self.filled = True
        return bool(keys)

    def ends_filling(self) -> None:
        with self._lock:
            self._filling = False

    def _add(self, digest: str) -> None:
        for place in _places(digest):
            self._bits[place >> 3] |= 1 << (place & 7)


def _places(digest: str) -> tuple[int, ...]:
    """Four places, of four independent parts of the digest."""
    number = int(digest, 16)
    return number & MASK, number >> 32 & MASK, number >> 64 & MASK, number >> 96 & MASK
