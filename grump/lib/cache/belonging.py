"""Whose an entry of the second tier is: for each owner a sorted set of their keys, by when they end.

The set lasts as long as its longest entry, and with each new one forgets those that have ended.
"""

import time
from typing import Any

from grump.lib.cache.codec import Entry
from grump.lib.cache.namespaces import PREFIX
from grump.lib.cache.shared import Question


def index_of(owner: str) -> str:
    return f"{PREFIX}owned:{owner}"


def note(owner: str, full: str, entry: Entry) -> Question:
    """The commands that note the entry as the owner's, behind those that store it. It has to end some day."""
    assert entry.expires_at, "what belongs to somebody ends"
    ends = int(entry.expires_at * 1000) + 1

    def commands(pipe: Any) -> None:
        index = index_of(owner)
        pipe.zremrangebyscore(index, "-inf", time.time())
        pipe.zadd(index, {full: entry.expires_at})
        pipe.pexpireat(index, ends, nx=True)
        pipe.pexpireat(index, ends, gt=True)

    return commands


def names_of(owner: str) -> Question:
    return lambda pipe: pipe.zrange(index_of(owner), 0, -1)
