"""How soon another process sees a change: `python -m tests.bench coherence`.

Two processes over one Valkey. The one changes a value that the other holds in its memory; what is measured is
from before the change to the moment the other reads the new value. Then the same as a user of Valkey who may
not publish, so that every message is lost and the log alone has to do. Chance lies between the changes, so
that they come at any time of the repair's interval.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.report import number, table
from tests.lifeline import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
KEY = "bench:shared"
MUTE = "mute"  # a user of Valkey whose messages nobody hears


class Neighbour:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def expect(self, value: int) -> None:
        """Returns when it holds the value before this one in its memory."""
        assert self._process.stdin
        self._process.stdin.write(f"{value}\n")
        self._process.stdin.flush()
        if (said := self._line()) != "holds":
            raise RuntimeError(f"the other process said {said!r}")

    def saw(self) -> int:
        """The monotonic nanosecond."""
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def neighbour(url: str, repair: float) -> Iterator[Neighbour]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.neighbour", url, KEY],
        cwd=ROOT,
        env={**os.environ, "TIERED_CACHE_REPAIR_MS": str(round(repair * 1000))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        yield Neighbour(process)
    finally:
        process.kill()
        process.communicate()


def muted(url: str) -> str:
    """`url` (a unix socket's) as a user who may do all but publish: a refused message is lost silently."""
    from redis import Redis

    with Redis.from_url(url) as client:
        client.acl_setuser(
            MUTE,
            enabled=True,
            passwords=["+mute"],
            keys=["*"],
            channels=["*"],
            commands=["+@all", "-publish"],
        )
    return f"{url.replace('unix://', f'unix://{MUTE}@', 1)}?password=mute"


def delays(url: str, changes: int, repair: float, *, published: bool) -> list[float]:
    """Seconds until the other process saw each change, in their order."""
    from grump.lib.cache.backend import TieredCache

    dice = random.Random(4)
    cache = TieredCache(url if published else muted(url), {})
    cache.start()
    taken = []
    with neighbour(url, repair) as other:
        cache.set(KEY, 0, 3600)
        for value in range(1, changes + 1):
            other.expect(value)
            time.sleep(dice.uniform(0, 0.005 if published else repair))
            before = time.monotonic_ns()
            cache.set(KEY, value, 3600)
            taken.append((other.saw() - before) / 1e9)
    cache._tiers.watch.stop()
    return taken


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench coherence", description=__doc__)
    parser.add_argument("--changes", type=int, default=2_000)
    parser.add_argument("--lost", type=int, default=40, help="changes whose message is lost")
    parser.add_argument("--repair", type=float, default=5.0, help="seconds; the product's default")
    asked = parser.parse_args(argv)
    import django

    import tests.environment  # noqa: F401 - a Valkey and a data directory of its own
    from grump.lib.cache.namespaces import Namespace, register

    os.environ["DJANGO_SETTINGS_MODULE"] = "grump.settings"
    django.setup()
    register(Namespace("bench", jitter=0.0))
    url = os.environ["REDIS_URL"]
    rows = []
    for name, count, published in (("published", asked.changes, True), ("lost", asked.lost, False)):
        taken = sorted(delays(url, count, asked.repair, published=published))
        shares = [number(taken[int(share * (count - 1))] * 1000, 1) for share in (0.5, 0.99, 1.0)]
        rows.append([name, f"{count:,}", *shares])
    sys.stdout.write(table(["message", "changes", "p50, ms", "p99, ms", "longest, ms"], rows) + "\n")
