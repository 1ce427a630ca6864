"""What a memory with a bound makes of the process: `python -m tests.bench cache-memory`.

A million inserts of mixed sizes (log-normal, 10 bytes to 256 KiB) and as many look-ups into the first tier,
each key new three times in four. What the cache counts is beside what the process really holds: the
difference is the allocator's, which keeps holes between entries of different sizes.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from grump.lib.cache.codec import Cost, Entry
from grump.lib.cache.memory import Memory
from tests.bench.report import number, table

MIB = 1024 * 1024
LARGEST = 256 * 1024
LOOKS = 10  # how often it is told how things stand


@dataclass(frozen=True, slots=True)
class Standing:
    """Bytes, after so many inserts; `most` and `most_entries` are the highest since the start."""

    inserts: int
    entries: int
    most: int
    grown: int  # the process, since before the first insert


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def fill(inserts: int, limit: int) -> Iterator[Standing]:
    dice, fresh = random.Random(6), count()
    before, most = resident(), 0
    memory = Memory(10**9, limit, 3600.0)
    for done in range(1, inserts + 1):
        key = f"k{next(fresh)}" if dice.random() < 0.75 else f"k{dice.randrange(done)}"
        memory.get(f"k{dice.randrange(done)}")
        size = max(10, min(int(dice.lognormvariate(7, 2)), LARGEST))
        memory.put(key, Entry(b"x" * size, cost=Cost(dice.randrange(1000), dice.randrange(2000))))
        most = max(most, memory.bytes)
        if done % (inserts // LOOKS) == 0:
            yield Standing(done, len(memory), most, resident() - before)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench cache-memory", description=__doc__)
    parser.add_argument("--inserts", type=int, default=1_000_000)
    parser.add_argument("--bound", type=int, default=64, help="MiB")
    asked = parser.parse_args(argv)
    rows = [
        [f"{now.inserts:,}", f"{now.entries:,}", number(now.most / MIB, 2), number(now.grown / MIB, 1)]
        for now in fill(asked.inserts, asked.bound * MIB)
    ]
    titles = ["inserts", "entries held", "most counted, MiB", "process grown by, MiB"]
    sys.stdout.write(table(titles, rows) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
