"""One run: users come, things break, users go; then every answer is read again from storage."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from tests.bench.measures import quantile
from tests.bench.report import number, table
from tests.integration.programs import a_key
from tests.integration.tab import Tab, text_of
from tests.load.faults import Fault
from tests.load.place import Place
from tests.load.users import Books, Person, Program, Prompts, Question

SAMPLED_EVERY = 2.0  # seconds
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
    calm: float = 8.0  # seconds before, between and after the faults
    seed: int = 0


@dataclass
class Sample:
    at: float
    rss_mb: float
    descriptors: int
    threads: int


@dataclass
class Report:
    load: Load
    books: Books = field(default_factory=Books)
    faults: list[tuple[str, float, float]] = field(default_factory=list)  # name, began, put right
    lost: list[str] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    connections: int = 0

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

    def slopes(self) -> str:
        """Growth by least squares over the second half of the run, when caches and pools are full."""
        half = self.samples[len(self.samples) // 2 :]
        rows = []
        for name in ("rss_mb", "descriptors", "threads"):
            values = [float(getattr(sample, name)) for sample in half]
            hours = [(sample.at - half[0].at) / 3600 for sample in half]
            slope, spread = _fit(hours, values)
            rows.append([name, number(values[0]), number(values[-1]), number(slope), number(2 * spread)])
        return table(["web processes together", "at half time", "at the end", "growth an hour", "±"], rows)


def _fit(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Slope and its standard error."""
    count = len(times)
    if count < 3:
        return float("nan"), float("nan")
    mean_t, mean_v = sum(times) / count, sum(values) / count
    spread = sum((time - mean_t) ** 2 for time in times)
    slope = sum((t - mean_t) * (v - mean_v) for t, v in zip(times, values, strict=True)) / spread
    rest = sum((v - mean_v - slope * (t - mean_t)) ** 2 for t, v in zip(times, values, strict=True))
    return slope, (rest / (count - 2) / spread) ** 0.5


def _quantiles(values: list[float]) -> str:
    return "/".join(number(quantile(values, share), 2) for share in (0.5, 0.95, 0.99, 1.0))


async def run(
    place: Place,
    load: Load,
    faults: dict[str, Fault],
    seconds: float = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Users ramp up over the first calm seconds, then each fault, with calm between; or only `seconds`."""
    report = Report(load)
    dice = random.Random(load.seed)
    began = time.monotonic()
    end = began + (seconds or 24 * 3600)
    key = a_key(place.house, "programs")
    prompts = Prompts(random.Random(f"{load.seed} {time.time_ns()}"))
    stopping = asyncio.Event()
    people = [
        Person(place.webs, report.books, random.Random(dice.random()), 0.3 if one < load.slow else 0)
        for one in range(load.people)
    ]
    programs = [
        Program(place.webs, report.books, random.Random(dice.random()), key) for _ in range(load.programs)
    ]
    clock = _Until(end)
    users = [
        asyncio.create_task(user.live(clock, load.think, prompts))  # type: ignore[arg-type]
        for user in (*people, *programs)
    ]
    sampling = asyncio.create_task(_sample(place, report, stopping))
    before = _cpu(place)
    await asyncio.sleep(load.calm)
    for name, fault in faults.items():
        say(f"{name} …")
        since = time.monotonic()
        await fault(place)
        report.faults.append((name, since, time.monotonic()))
        await asyncio.sleep(load.calm)
    if seconds:
        await asyncio.sleep(max(0, end - time.monotonic()))
    clock.end = time.monotonic()
    await asyncio.gather(*users)
    report.cpu_seconds = _cpu(place) - before
    stopping.set()
    await sampling
    report.seconds = time.monotonic() - began
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


async def _sample(place: Place, report: Report, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        found = Counter[str]()
        for web in place.webs:
            try:
                process = psutil.Process(web.pid)
                found["rss"] += process.memory_info().rss
                found["descriptors"] += process.num_fds()
                found["threads"] += process.num_threads()
            except psutil.Error:
                continue  # it was just killed
        report.samples.append(
            Sample(time.monotonic(), found["rss"] / 1e6, found["descriptors"], found["threads"])
        )
        try:
            await asyncio.wait_for(stopping.wait(), SAMPLED_EVERY)
        except TimeoutError:
            continue


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
                await tab.say("chat.resume", generation_id=question.generation, after=0)
                stored = text_of(await tab.hear_answer(question.generation, 20))
                if stored != question.expected:
                    report.lost.append(f"stored otherwise: {question.prompt!r}: {stored[-40:]!r}")
    report.stored = json.loads(place.house.run("-c", BOOKS).splitlines()[-1])
    asked = len(told)
    if report.stored["questions"] != asked:
        report.lost.append(f"{report.stored['questions']} questions are stored, {asked} were asked")
