"""Which entry goes first: eviction policies over the same Zipf trace with scans, in one process.

`python -m tests.bench policy`. Sizes and costs are log-normal and belong to the key; a scan is a run of keys
asked for once. What counts is the share of the cost that was saved, beside the share of hits. Theine
(W-TinyLFU) is measured too where it is installed; it bounds entries alone, so it is given as many as fit.
"""

import random
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate

from grump.lib.cache.codec import Cost, Entry
from grump.lib.cache.memory import OVERHEAD, Memory
from tests.bench.report import table

KEYS, REQUESTS, SCAN = 50_000, 200_000, 2_000
Cache = tuple[Callable[[str], bool], Callable[[str, int, Cost], None]]  # get, put


def trace(seed: int) -> tuple[list[str], dict[str, tuple[int, Cost]]]:
    chance = random.Random(seed)
    weights = list(accumulate(1 / rank**0.9 for rank in range(1, KEYS + 1)))
    asked = [f"k{key}" for key in chance.choices(range(KEYS), cum_weights=weights, k=REQUESTS)]
    for number in range(10):
        at = chance.randrange(len(asked))
        asked[at:at] = [f"scan{number}.{key}" for key in range(SCAN)]
    facts = {
        key: (
            int(min(chance.lognormvariate(6.5, 1.2), 60_000)),
            Cost(int(chance.lognormvariate(5, 1.5)), int(chance.lognormvariate(6, 0.8))),
        )
        for key in sorted(set(asked))
    }
    return asked, facts


def gdsf(limit: int) -> Cache:
    memory = Memory(10**9, limit, 10**9)
    return (lambda key: memory.get(key) is not None), (
        lambda key, size, cost: memory.put(key, Entry(bytes(size), cost=cost)) and None
    )


def lru(limit: int) -> Cache:
    held: OrderedDict[str, int] = OrderedDict()
    total = 0

    def get(key: str) -> bool:
        if key in held:
            held.move_to_end(key)
            return True
        return False

    def put(key: str, size: int, cost: Cost) -> None:
        nonlocal total
        held[key] = size + OVERHEAD
        total += size + OVERHEAD
        while total > limit:
            total -= held.popitem(last=False)[1]

    return get, put


def clock(limit: int) -> Cache:
    """A queue that turns: what was used since the last turn is spared once."""
    held: OrderedDict[str, list[int]] = OrderedDict()  # size, used
    total = 0

    def get(key: str) -> bool:
        if key in held:
            held[key][1] = 1
            return True
        return False

    def put(key: str, size: int, cost: Cost) -> None:
        nonlocal total
        held[key] = [size + OVERHEAD, 0]
        total += size + OVERHEAD
        while total > limit:
            name, (size_of_oldest, used) = held.popitem(last=False)
            if used:
                held[name] = [size_of_oldest, 0]
            else:
                total -= size_of_oldest

    return get, put


def theine(limit: int) -> Cache:
    from theine import Cache as Theine

    held = Theine(limit // (1200 + OVERHEAD))
    return (lambda key: held.get(key)[1]), (lambda key, size, cost: held.set(key, bytes(size)) and None)


POLICIES = {"LRU": lru, "CLOCK": clock, "GDSF (ours)": gdsf, "Theine": theine}


def main(arguments: list[str]) -> None:
    rows = []
    for limit in (2, 8, 24):
        for name, build in POLICIES.items():
            try:
                get, put = build(limit * 1024 * 1024)
            except ImportError:
                continue
            asked, facts = trace(7)
            hits, saved, whole = 0, 0.0, 0.0
            began = time.perf_counter()
            for key in asked:
                size, cost = facts[key]
                dear = cost.microusd + cost.milliseconds / 10
                whole += dear
                if get(key):
                    hits, saved = hits + 1, saved + dear
                else:
                    put(key, size, cost)
            each = (time.perf_counter() - began) / len(asked) * 1e6
            rows.append(
                (f"{limit} MiB", name, f"{hits / len(asked):.1%}", f"{saved / whole:.1%}", f"{each:.1f}")
            )
    sys.stdout.write(table(["bound", "policy", "hits", "cost saved", "µs a request"], rows) + "\n")
