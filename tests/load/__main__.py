"""`make load`: people and programs use a small fleet while it is broken in every way; one report.

make load                                  every fault, one after the other, PostgreSQL
.venv/bin/python -m tests.load --people 200 --programs 20 --server daphne
.venv/bin/python -m tests.load --soak 1800 --people 60        no faults: does anything grow?
.venv/bin/python -m tests.load --steps 20,60,120              no faults: what do more people take?
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--programs", type=int, default=8)
    parser.add_argument("--slow", type=int, default=4)
    parser.add_argument("--think", type=float, default=4.0, help="seconds between answer and question")
    parser.add_argument("--server", choices=["uvicorn", "daphne"], default="uvicorn")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--soak", type=float, default=0, help="seconds of plain load, without faults")
    parser.add_argument("--steps", type=lambda text: [int(one) for one in text.split(",")])
    parser.add_argument("--seconds", type=float, default=45, help="that each step is measured")
    parser.add_argument("--fault", action="append", help="only this one; can be given again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grump-load-") as folder:
        os.environ |= {
            "GRUMP_VAR": folder,
            "GRUMP_DEVELOPMENT": "on",
            "SECRET_KEY": "load-only",
            "DJANGO_SETTINGS_MODULE": "grump.settings",
        }
        return measure(arguments, Path(folder))


def measure(arguments: argparse.Namespace, folder: Path) -> int:
    from tests.load import capacity
    from tests.load.faults import FAULTS, possible
    from tests.load.place import Place
    from tests.load.run import Load, run

    def say(words: str) -> None:
        sys.stderr.write(f"{words}\n")

    place = Place(
        folder / "place",
        server=arguments.server,
        postgres=not arguments.sqlite,
        small_disk=not (arguments.soak or arguments.steps),  # half an hour of questions would fill it
    )
    try:
        if arguments.steps:
            steps = asyncio.run(capacity.climb(place, arguments.steps, arguments.seconds, say))
            sys.stdout.write(capacity.as_tables(steps) + "\n")
            return 0
        faults = {} if arguments.soak else possible(place)
        for name in FAULTS.keys() - faults.keys() if not arguments.soak else ():
            say(f"left out: {name} (SQLite, or no right to mount a small disk)")
        if arguments.fault:
            faults = {name: FAULTS[name] for name in arguments.fault}
        load = Load(arguments.people, arguments.programs, arguments.slow, arguments.think)
        report = asyncio.run(run(place, load, faults, arguments.soak, say))
        sys.stdout.write(report.as_tables() + "\n\n")
        if arguments.soak:
            sys.stdout.write(report.growth.as_table() + "\n\n")
    finally:
        place.close()
    for problem in report.problems:
        sys.stdout.write(f"PROBLEM {problem}\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
