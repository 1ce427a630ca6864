"""One run: users come, things break, users go; then every answer is read again from storage."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from tests.bench.measures import quantile
from tests.bench.report import number, table
from tests.integration.programs import a_key
from tests.integration.tab import Tab, text_of
from tests.load.faults import Fault
from tests.load.growth import Growth, look
from tests.load.place import MODEL, Place
from tests.load.users import Books, Person, Program, Prompts, Question

LOOKED_AT_EVERY = 5.0  # seconds
AT_REST = 10.0  # seconds after the last socket was closed
BOOKS = """
import django; django.setup()
import json
from chat.models import Generation, Message
from usage.models import Entry, Hold
from usage.rebuilding import differences
print(json.dumps({
    "questions": Message.objects.filter(role="user").count(),
    "running": Generation.objects.filter(state="running").count(),
    "holds": Hold.objects.count(),
    "entries": Entry.objects.count(),
    "differences": len(list(differences())),
}))
"""


@dataclass(frozen=True)
class Load:
    people: int = 40
    programs: int = 8
    slow: int = 4
    think: float = 4.0  # seconds, the mean of an exponential distribution
    model: str = MODEL  # of people
    calm: float = 8.0  # seconds before, between and after the faults
    seed: int = 0


@dataclass
class Report:
    load: Load
    books: Books = field(default_factory=Books)
    faults: list[tuple[str, float, float]] = field(default_factory=list)  # name, began, put right
    lost: list[str] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    growth: Growth = field(default_factory=Growth)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """Everything that may not be."""
        found = [f"lost: {one}" for one in self.lost] + [f"wrong: {one}" for one in self.books.wrong]
        for name in ("running", "holds", "differences"):
            if self.stored.get(name):
                found.append(f"{name} left: {self.stored[name]}")
        return found

    def as_tables(self) -> str:
        asked = self.books.questions
        first = [took for _, took in self.books.first_word_s]
        whole = [took for _, took in self.books.answered_s]
        rows = {
            "people, of them slow readers": f"{self.load.people}, {self.load.slow}",
            "programs": str(self.load.programs),
            "seconds, questions asked": f"{number(self.seconds, 0)}, {len(asked):,}",
            "lost, wrong": f"{len(self.lost)}, {len(self.books.wrong)}",
            "left running, open holds, days that differ from the ledger": ", ".join(
                str(self.stored.get(name, "?")) for name in ("running", "holds", "differences")
            ),
            "first word p50/p95/p99/longest s": _quantiles(first),
            "whole answer p50/p95/p99/longest s (3.0 by itself)": _quantiles(whole),
            "CPU seconds of both web processes for each answer": number(
                self.cpu_seconds / max(1, len(asked)), 3
            ),
            "clients": ", ".join(f"{name} {count}" for name, count in sorted(self.books.seen.items())) or "–",
        }
        return table(["the load run", ""], rows.items()) + "\n\n" + self._of_faults()

    def _of_faults(self) -> str:
        rows = []
        for name, began, ended in self.faults:
            during = [took for asked, took in self.books.first_word_s if began - 1 <= asked < ended + 1]
            rows.append([
                name, number(ended - began), str(len(during)), number(quantile(during, 0.5), 2),
                number(max(during, default=float("nan")), 2), number(self._recovered(ended), 2),
            ])  # fmt: skip
        head = [
            "fault",
            "lasted s",
            "asked meanwhile",
            "first word p50 s",
            "longest s",
            "usual again after s",
        ]
        return table(head, rows)

    def _recovered(self, ended: float) -> float:
        """Seconds from when it was put right until the last first word that came later than a second after
        its question, of those asked up to then."""
        late = [
            asked + took
            for asked, took in self.books.first_word_s
            if took > 1.0 and asked < ended + self.load.calm and asked + took > ended
        ]
        return max(late, default=ended) - ended


def _quantiles(values: list[float]) -> str:
    return "/".join(number(quantile(values, share), 2) for share in (0.5, 0.95, 0.99, 1.0))


class Crowd:
    """People and programs, who come over the first seconds and stay until they are asked to leave."""

    def __init__(self, place: Place, load: Load, books: Books) -> None:
        dice = random.Random(load.seed)
        prompts = Prompts(random.Random(f"{load.seed} {time.time_ns()}"))
        key = a_key(place.house, f"programs-{time.time_ns()}") if load.programs else ""
        # Slow readers first: 0.3 s between two frames.
        people = [
            Person(place.webs, books, random.Random(dice.random()), 0.3 if one < load.slow else 0, load.model)
            for one in range(load.people)
        ]
        programs = [
            Program(place.webs, books, random.Random(dice.random()), key) for _ in range(load.programs)
        ]
        self._clock = _Until(float("inf"))
        self._tasks = [
            asyncio.create_task(user.live(self._clock, load.think, prompts)) for user in (*people, *programs)
        ]

    async def leave(self) -> None:
        """Nobody asks any more; what was asked is read to its end."""
        self._clock.end = time.monotonic()
        await asyncio.gather(*self._tasks)


async def run(
    place: Place,
    load: Load,
    faults: dict[str, Fault],
    seconds: float = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Users ramp up over the first calm seconds, then each fault, with calm between; or only `seconds`."""
    report = Report(load)
    if seconds:
        report.growth.before = await asyncio.to_thread(look, place)
    began = time.monotonic()
    crowd = Crowd(place, load, report.books)
    looking = asyncio.create_task(
        report.growth.keep_looking(place, LOOKED_AT_EVERY, lambda: len(report.books.questions))
    )
    before = _cpu(place)
    await asyncio.sleep(load.calm)
    for name, fault in faults.items():
        say(f"{name} …")
        since = time.monotonic()
        await fault(place)
        report.faults.append((name, since, time.monotonic()))
        await asyncio.sleep(load.calm)
    await asyncio.sleep(max(0, began + seconds - time.monotonic()))
    if looking.done():
        looking.result()  # it never ends by itself
    looking.cancel()  # that they leave is no shrinking
    await crowd.leave()
    report.cpu_seconds = _cpu(place) - before
    report.seconds = time.monotonic() - began
    if seconds:
        await asyncio.sleep(AT_REST)
        report.growth.after = await asyncio.to_thread(look, place)
    await _read_again(place, report)
    return report


class _Until(float):
    """An end that can be brought forward while everybody looks at it."""

    def __new__(cls, end: float) -> "_Until":
        return super().__new__(cls, end)

    def __init__(self, end: float) -> None:
        self.end = end

    def __gt__(self, now: float) -> bool:
        return self.end > now

    def __add__(self, more: float) -> float:
        return self.end + more


def _cpu(place: Place) -> float:
    """Of the web processes that run now: after a kill what the killed one used is not in it."""
    total = 0.0
    for web in place.webs:
        times = psutil.Process(web.pid).cpu_times()
        total += times.user + times.system
    return total


async def _read_again(place: Place, report: Report) -> None:
    for question in report.books.questions:
        if not question.done:
            report.lost.append(f"not answered to its end: {question.prompt!r} ({question.generation})")
    told = [question for question in report.books.questions if question.done and question.owner]
    by_owner: dict[str, list[Question]] = {}
    for question in told:
        by_owner.setdefault(question.owner, []).append(question)
    for owner, questions in by_owner.items():
        async with Tab(place.webs[-1], owner) as tab:
            for question in questions:
                tab.heard.clear()
                await tab.say("chat.resume", generation_id=question.generation, after=0)
                stored = text_of(await tab.hear_answer(question.generation, 20))
                if stored != question.expected:
                    report.lost.append(f"stored otherwise: {question.prompt!r}: {stored[-40:]!r}")
    report.stored = json.loads(place.house.run("-c", BOOKS).splitlines()[-1])
    asked = len(told)
    if report.stored["questions"] != asked:
        report.lost.append(f"{report.stored['questions']} questions are stored, {asked} were asked")
