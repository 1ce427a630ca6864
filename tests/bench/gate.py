"""The regression gate: what the product takes for each thing the barest consumer takes, against a committed
baseline. `python -m tests.bench gate` measures and compares; `make bench` ends with the same comparison.

A ratio is of two figures of one round, minutes apart at most, so that a slow machine, or a busy moment of it,
changes both. Only CPU time and memory: latencies of a shared machine would need a tolerance that hides what
they are to show. How far the median of a few rounds strays by chance is drawn from the baseline's own rounds
(`tolerance`), and no ratio fails within `LEAST`.
"""

import math
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

from tests.bench.report import Rounds, number, table

BASELINE = Path(__file__).with_name("baseline.json")
LEAST = 0.10  # another machine's caches and another interpreter's build move ratios too
RARE = 0.999  # of the medians that chance would draw are within the tolerance
DRAWS = 4_000
RATIOS = {  # the figure, and in which measures' results it may be found
    "CPU of a turn": ("cpu_ms_per_turn", ("costs", "first-token")),
    "CPU of 1,000 tokens, 50 paced streams": ("50/cpu_ms_per_1000_tokens", ("costs", "first-token")),
    "CPU of 1,000 tokens, flat out": ("cpu_ms_per_1000_tokens", ("flood",)),
    "memory of an idle process": ("idle_mb", ("memory",)),
    "memory of an idle socket": ("idle_socket_kib", ("memory",)),
    "memory of a live stream": ("live_stream_kib", ("memory",)),
}
SERVERS = ("daphne", "uvicorn")
OURS, THEIRS = "grump, {server}", "barest batch, {server}"
Results = Mapping[str, Rounds]
Ratios = dict[str, list[float]]  # by name, one a round


@dataclass(frozen=True)
class Verdict:
    name: str
    baseline: float
    now: float
    tolerance: float

    @property
    def change(self) -> float:
        return self.now / self.baseline - 1

    @property
    def worse(self) -> bool:
        # NaN: it was not measured, which is no pass.
        return not self.change <= self.tolerance

    @property
    def better(self) -> bool:
        return self.change < -self.tolerance


def ratios(results: Results, servers: list[str]) -> Ratios:
    """Ours over theirs, round by round. A ratio whose figures were not measured is left out."""
    found: Ratios = {}
    for server in servers:
        for name, (figure, measures) in RATIOS.items():
            for measure in measures:
                rounds = results.get(measure, {})
                ours, theirs = (rounds.get(one.format(server=server), []) for one in (OURS, THEIRS))
                pairs = [
                    (mine[figure], other[figure])
                    for mine, other in zip(ours, theirs, strict=False)
                    if figure in mine and other.get(figure, 0) > 0
                ]
                if pairs:
                    found[f"{name}, {server}"] = [mine / other for mine, other in pairs]
                    break
    return found


def tolerance(rounds: list[float], taken: int) -> float:
    """How far the median of `taken` rounds may lie above that of these rounds, as a share, before it is no
    chance: from medians of rounds drawn of these with replacement, and the noise of the baseline's own median
    on top. The dice are the same each time, so that the same rounds give the same answer."""
    dice = random.Random(1)

    def drawn(count: int) -> float:
        return median(dice.choices(rounds, k=count))

    apart = sorted(drawn(taken) / drawn(len(rounds)) - 1 for _ in range(DRAWS))
    return max(LEAST, apart[math.ceil(RARE * DRAWS) - 1])


def compare(now: Ratios, baseline: Ratios, servers: list[str]) -> list[Verdict]:
    """Of what the baseline knows of these servers; what was not measured is NaN, and worse."""
    return [
        Verdict(
            name,
            median(rounds),
            median(now.get(name, [math.nan])),
            tolerance(rounds, len(now.get(name, rounds))),
        )
        for name, rounds in baseline.items()
        if name.rpartition(", ")[2] in servers
    ]


def as_table(verdicts: list[Verdict]) -> str:
    def words(one: Verdict) -> str:
        if math.isnan(one.now):
            return "NOT MEASURED"
        return "WORSE" if one.worse else "better: make the baseline anew" if one.better else "as before"

    return table(
        ["the product's share of the barest consumer's", "baseline", "now", "change", "tolerance", ""],
        [
            [
                one.name, number(one.baseline, 2), number(one.now, 2), f"{one.change:+.0%}",
                f"{one.tolerance:.0%}", words(one),
            ]
            for one in verdicts
        ],
    )  # fmt: skip


def read(path: Path = BASELINE) -> Ratios:
    return orjson.loads(path.read_bytes())["ratios"]


def write(found: Ratios, path: Path = BASELINE) -> None:
    """Raises SystemExit where not all of it was measured."""
    missing = {f"{name}, {server}" for name in RATIOS for server in SERVERS} - found.keys()
    if missing:
        raise SystemExit(f"No baseline was written: not measured: {', '.join(sorted(missing))}")
    told = {
        "made by": "python -m tests.bench gate --rounds 6 --write",
        "ratios": {name: [round(value, 3) for value in rounds] for name, rounds in found.items()},
    }
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def judge(results: Results, servers: list[str]) -> int:
    """Print what was compared; the exit code."""
    now, baseline = ratios(results, servers), read()
    verdicts = compare(now, baseline, servers)
    sys.stdout.write(f"{as_table(verdicts)}\n\n")
    for name in now.keys() - baseline.keys():
        sys.stdout.write(f"{name}: {median(now[name]):.2f}, and the baseline does not know it yet\n")
    worse = [one.name for one in verdicts if one.worse]
    better = sum(one.better for one in verdicts)
    words = f"{len(verdicts)} ratios compared with {BASELINE.name}, {len(worse)} worse, {better} better"
    sys.stdout.write(f"{words}{': ' if worse else ''}{'; '.join(worse)}\n")
    return 1 if worse else 0
