"""Ids of rows: UUIDs that begin with their time (version 7 of RFC 9562).

What is made at about the same time stands together in every index that is made of ids. With random ones each
row of a turn, and each reference to it, is written into another page: forty pages of 4 KB for one question,
where twenty do. An id tells when it was made, to whoever may see the row anyway.
"""

import os
import time
from uuid import UUID

_VERSION = 7 << 76
_VARIANT = 2 << 62


def new_id() -> UUID:
    """Later ones are greater, to a quarter of a microsecond; 62 bits of it are random."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=milliseconds << 80 | _VERSION | fraction << 64 | _VARIANT | random)
