"""python -m tests.bench all|gate|first-token|paced|flood|memory|costs, or
faults|fit|hedging|hits|policy|preloading|trace|quota|coherence|cache-memory|small-model: prints tables.

`all`, which is `make bench`, and `gate`, which is the short way, end with a comparison with
tests/bench/baseline.json and fail where something became dearer.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import aiohttp
import orjson
import uvloop

from tests.bench import (
    coherence,
    dashboard,
    faults,
    filling,
    fitting,
    gate,
    hedging,
    hits,
    policy,
    posts,
    preloading,
    quota,
    report,
    rolling,
    search,
    small_model,
    trace,
    tracing,
)
from tests.bench.load import Load
from tests.bench.measures import FULL, MEASURES, QUICK, Figures, Scale, memory
from tests.bench.peers import installed
from tests.bench.process import NotReady, pin_to_load_core
from tests.bench.provider import Provider
from tests.bench.variants import Variant, variants
from tests.bench.watch import Failed

GATED = ["costs", "flood", "memory"]  # what the gate needs, in minutes
GATED_VARIANTS = ["barest-batch", "grump"]
SERVERS = ["daphne", "uvicorn"]
NAMES = ["direct", "barest", "barest-batch", "grump", "api"]

# Measured within one process, each with options of its own.
IN_PROCESS = {
    "faults": faults.main,
    "fit": fitting.main,
    "hedging": hedging.main,
    "hits": hits.main,
    "trace": trace.main,
    "policy": policy.main,
    "posts": posts.main,
    "preloading": preloading.main,
    "quota": quota.main,
    "search": search.main,
    "small-model": small_model.main,
    "coherence": coherence.main,
    "dashboard": dashboard.main,
    "cache-memory": filling.main,
    "rolling": rolling.main,
    "tracing": tracing.main,
}


def note(words: str) -> None:
    """Progress, apart from the tables on standard output."""
    sys.stderr.write(f"{words}\n")


async def start(chosen: list[Variant], provider: Provider, directory: Path) -> list[Load]:
    """A variant that does not start is left out, with the reason, and the others are measured."""
    loads = []
    for variant in chosen:
        try:
            await variant.start(provider.port, directory)
            load = Load(variant)
            await load.one_by_one("fast", 3)  # imports, pools and caches are warm
            await load.drop()  # starting the next one blocks this loop: no ping would be answered
        except (NotReady, Failed, aiohttp.ClientError, OSError) as error:
            note(f"{variant.name} left out: {error!r}")
            if variant.process:
                note(variant.process.tail())
            await variant.stop()
        else:
            loads.append(load)
    return loads


async def bench(
    names: list[str], chosen: list[Variant], rounds: int, scale: Scale, directory: Path
) -> dict[str, report.Rounds]:
    provider = Provider()
    await provider.start(directory)
    results: dict[str, report.Rounds] = {}
    loads: list[Load] = []
    try:
        loads = await start(chosen, provider, directory)
        for name in names:
            taken: report.Rounds = {load.variant.name: [] for load in loads}
            for turn in range(rounds):
                for load in loads:
                    if MEASURES[name] is memory:
                        # A process that once carried the load keeps the room for it: only growth from a
                        # fresh start tells what a stream weighs.
                        await load.variant.stop()
                        await load.variant.start(provider.port, directory)
                    figures: Figures = await MEASURES[name](load, provider, scale)
                    taken[load.variant.name].append(figures)
                    note(f"{name} {turn + 1}/{rounds} {load.variant.name} {shortened(figures)}")
                    await load.drop()
            results[name] = taken
    finally:
        for load in loads:
            await load.drop()
            await load.variant.stop()
        provider.stop()
    return results


def shortened(figures: Figures) -> str:
    return " ".join(f"{name}={value:.5g}" for name, value in figures.items())


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in IN_PROCESS:
        IN_PROCESS[sys.argv[1]](sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("measure", choices=[*MEASURES, "gate", "all"], nargs="?", default="all")
    parser.add_argument("--server", choices=SERVERS, action="append", help="default: both")
    parser.add_argument("--variant", choices=NAMES, action="append", help="default: all")
    parser.add_argument(
        "--peers", type=Path, help="a folder with LiteLLM and Portkey: see tests/bench/peers.py"
    )
    parser.add_argument("--rounds", type=int, help="default: 5; 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="short rounds: one is a look, not a figure")
    parser.add_argument("--json", type=Path, help="also write every round's figures to this file")
    parser.add_argument("--write", action="store_true", help="with gate: make the baseline of what is found")
    arguments = parser.parse_args()

    pin_to_load_core()
    gated = arguments.measure == "gate"
    names = GATED if gated else _all() if arguments.measure == "all" else [arguments.measure]
    servers, peers = arguments.server or SERVERS, installed(arguments.peers)
    chosen = variants(servers, arguments.variant or (GATED_VARIANTS if gated else NAMES), peers)
    scale = QUICK if arguments.quick or gated else FULL
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        results = uvloop.run(bench(names, chosen, rounds, scale, Path(directory)))
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    for name, taken in results.items():
        sys.stdout.write(f"{report.TABLES[name](taken)}\n\n")
    if arguments.write:
        gate.write(gate.ratios(results, servers))
        return 0
    return gate.judge(results, servers) if gated or arguments.measure == "all" else 0


def _all() -> list[str]:
    return [name for name in MEASURES if name != "costs"]  # which first-token tells too


if __name__ == "__main__":
    sys.exit(main())
