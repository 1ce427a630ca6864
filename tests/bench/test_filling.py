"""The process itself stays near the bound of its cache, not only the cache's count."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from tests.bench.filling import fill
for now in fill(100_000, 16 * 1024 * 1024):
    print(now.most, now.grown)
"""
BOUND = 16 * 1024 * 1024


def test_a_process_does_not_grow_with_its_inserts() -> None:
    """In a process of its own: what this one allocated before would hide what the cache takes."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    standings = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(standings) == 10
    assert all(most <= BOUND for most, _ in standings)
    assert standings[0][0] > 0.9 * BOUND, "the bound was not reached, and so not tried"
    assert max(grown for _, grown in standings) < 2 * BOUND
    assert standings[-1][1] < standings[4][1] + BOUND / 4
