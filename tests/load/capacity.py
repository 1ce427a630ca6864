"""`python -m tests.load --steps 20,60,120`: what a fleet takes as more and more people use it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.measures import quantile
from tests.bench.report import number, table
from tests.load.growth import CPU, Look, look
from tests.load.place import LONG_MODEL, MODEL, Place
from tests.load.run import Crowd, Load
from tests.load.users import LENGTHS, Books

RAMP = 12.0  # seconds until everybody has asked a first time
WEBS, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2", "fitter")
SIZE = "SELECT pg_database_size(current_database())"


@dataclass
class Step:
    people: int
    model: str
    seconds: float
    answers: int
    streams: float  # mean of those being written at once
    first_word_s: list[float]
    late: int  # first words after more than a second
    told: dict[str, int]  # what users were told: refusals and errors
    cpu: dict[str, float]  # seconds of the CPU for each second, by process
    held: Look = field(default_factory=dict)
    stored_bytes: float = 0.0  # that the database grew by
    relayed_bytes: float = 0.0  # and Valkey

    def cpu_ms(self, *processes: str) -> float:
        """For each answer."""
        return sum(self.cpu.get(name, 0.0) for name in processes) * self.seconds * 1000 / max(1, self.answers)


async def climb(place: Place, steps: Sequence[int], seconds: float, say: Any) -> list[Step]:
    """Each step with new people, then the last but one once more with answers four times as long."""
    taken = []
    plan = [(people, MODEL) for people in steps]
    plan.append((steps[max(0, len(steps) - 2)], LONG_MODEL))
    for people, model in plan:
        say(f"{people} people, answers of {LENGTHS[model]} tokens …")
        taken.append(await _step(place, people, model, seconds))
    return taken


async def _step(place: Place, people: int, model: str, seconds: float) -> Step:
    books = Books()
    crowd = Crowd(place, Load(people, programs=0, slow=0, model=model), books)
    await asyncio.sleep(RAMP)
    before, stored, since = await asyncio.to_thread(look, place), _stored(place), time.monotonic()
    await asyncio.sleep(seconds)
    after, grown, until = await asyncio.to_thread(look, place), _stored(place), time.monotonic()
    await crowd.leave()
    took = until - since
    ended = [whole for asked, whole in books.answered_s if since <= asked + whole < until]
    words = [first for asked, first in books.first_word_s if since <= asked < until]
    # Little's law: as many at once as begin in a second, times the seconds that each takes.
    streams = len(ended) / took * (sum(ended) / max(1, len(ended)))
    names = {name for name, what in after if what == CPU}
    return Step(
        people,
        model,
        took,
        len(ended),
        streams,
        words,
        sum(word > 1 for word in words),
        dict(books.seen),
        {name: (after[name, CPU] - before.get((name, CPU), 0.0)) / took for name in names},
        after,
        grown - stored,
        (after["valkey", "data, MB"] - before["valkey", "data, MB"]) * 1e6,
    )


def _stored(place: Place) -> float:
    assert place.postgres is not None
    return float(place.postgres.psql(SIZE).split()[2])


def as_tables(steps: Sequence[Step]) -> str:
    climbed = [
        [
            f"{step.people} × {LENGTHS[step.model]}", number(step.answers / step.seconds),
            number(step.streams, 0),
            "/".join(number(quantile(step.first_word_s, share) * 1000, 0) for share in (0.5, 0.95, 0.99)),
            str(step.late),
            " + ".join(number(step.cpu[name] * 100, 0) for name in WEBS),
            *(number(step.cpu.get(name, 0.0) * 100, 0) for name in ("postgres", "valkey")),
            number(sum(step.cpu[name] for name in WORKERS) * 100, 0),
            " + ".join(number(step.held[name, "RSS, MB"], 0) for name in WEBS),
            ", ".join(f"{name} {count}" for name, count in sorted(step.told.items())) or "–",
        ]
        for step in steps
    ]  # fmt: skip
    costs = [
        [
            f"{step.people} × {LENGTHS[step.model]}",
            *(number(step.cpu_ms(*names)) for names in (WEBS, ("postgres",), ("valkey",), WORKERS)),
            *(number(size / max(1, step.answers) / 1024) for size in (step.stored_bytes, step.relayed_bytes)),
        ]
        for step in steps
    ]
    return (
        table(
            ["people × tokens", "answers/s", "streams", "first word p50/p95/p99 ms", "over 1 s",
             "web 1 + 2, %", "PostgreSQL, %", "Valkey, %", "workers, %", "RSS web 1 + 2, MB",
             "clients were told"],
            climbed,
        )
        + "\n\nFor each answer:\n\n"
        + table(
            ["people × tokens", "web, CPU ms", "PostgreSQL, CPU ms", "Valkey, CPU ms", "workers, CPU ms",
             "stored, KiB", "in Valkey, KiB"],
            costs,
        )
    )  # fmt: skip
