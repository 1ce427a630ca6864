"""The benchmark of fits runs from its beginning to its end, with a profile too."""

import subprocess
import sys

PROGRAM = """
from tests.bench import fitting
fitting.MESSAGES, fitting.BUDGET = 120, 3_000
fitting.main(["--rounds", "1", "--profile", "cached"])
"""


def test_it_says_what_each_fit_takes_and_where_one_from_the_cache_goes():
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    rows = [line.split("|")[1].strip() for line in said.stdout.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row != "---"] == ["fit", "cold", "incremental", "cached"]
    assert said.stdout.count("function calls") == 1
    assert "context/plans.py" in said.stdout  # which the turn gives to another thread
