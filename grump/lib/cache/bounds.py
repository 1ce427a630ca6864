"""How much memory this process may count on, and what of it the first tier takes."""

import os
from pathlib import Path

SHARE = 0.02
LEAST_ENTRIES, MOST_ENTRIES = 1_000, 50_000
MIB = 1024 * 1024
LEAST_BYTES, MOST_BYTES = 8 * MIB, 256 * MIB

_LIMITS = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")


def total_memory(root: Path = Path("/")) -> int:
    """Bytes: the container's limit where there is one, else the machine's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in _LIMITS:
        try:
            limit = (root / name).read_text().strip()
        except OSError:
            continue
        if limit.isdigit():
            return min(machine, int(limit))  # without a limit, version 1 names a huge number
    return machine


def entries(memory: int) -> int:
    """2 % of the memory in MB, taken as a number of entries."""
    return min(max(int(memory / MIB * SHARE), LEAST_ENTRIES), MOST_ENTRIES)


def size(memory: int) -> int:
    """Bytes, however many entries that is: large answers cannot eat the machine."""
    return int(min(max(memory * SHARE, LEAST_BYTES), MOST_BYTES))
