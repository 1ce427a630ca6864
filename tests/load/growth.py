"""What each process of a fleet holds while it is used, looked at from outside; and whether it grows."""

import asyncio
import http.client
import math
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil
import psycopg
import redis
from prometheus_client.parser import text_string_to_metric_families
from scipy.stats import t as student

from tests.bench.report import number, table
from tests.load.place import Place

BLOCKS = 15  # of the second half; one a minute in half an hour. The whole has twice as many
CONFIDENCE = 0.95
SECONDS = 2.0  # that a look at a server may take
CPU, RSS = "CPU, s", "RSS, MB"
ASKED = ("everybody", "questions")
TOLD = {"grump_event_loop_tasks": "asyncio tasks", "grump_open_sockets": "open sockets"}

Look = dict[tuple[str, str], float]  # by process and by what is looked at
Point = tuple[float, float, float]  # hours, thousands of questions up to then, what was seen


def look(place: Place) -> Look:
    """Of whatever answers: who was just killed is missing from this look. It blocks."""
    found: Look = {}
    ports = set(place.provider_ports)
    for name, pid in place.processes().items():
        try:
            found |= {(name, what): value for what, value in _of_process(pid).items()}
            if name.startswith("web"):
                found[name, "connections upstream"] = _upstream(pid, ports)
        except psutil.Error:
            continue
    for of_servers in (_valkey, _postgres, _web):
        try:
            found |= of_servers(place)
        except (OSError, http.client.HTTPException, redis.RedisError, psycopg.Error, psutil.Error):
            continue
    return found


def _of_process(pid: int) -> dict[str, float]:
    """A worker's pool is counted with it."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    found: dict[str, float] = defaultdict(float)
    found[CPU] = cpu_seconds(pid)
    for one in family:
        found[RSS] += one.memory_info().rss / 1e6
        found["descriptors"] += one.num_fds()
        found["threads"] += one.num_threads()
    return dict(found)


def _upstream(pid: int, ports: set[int]) -> float:
    connections = psutil.Process(pid).net_connections("tcp")
    return float(sum(bool(one.raddr) and one.raddr.port in ports for one in connections))


def _valkey(place: Place) -> Look:
    with redis.Redis.from_url(
        place.redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
    ) as asked:
        clients, memory = asked.info("clients"), asked.info("memory")
    return {
        ("valkey", "clients"): clients["connected_clients"] - 1.0,
        ("valkey", "data, MB"): memory["used_memory"] / 1e6,
    }


def _postgres(place: Place) -> Look:
    if place.postgres is None:
        return {}
    asked = "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with psycopg.connect(place.postgres.get_uri(), connect_timeout=2) as connection:
        row = connection.execute(asked).fetchone()
    clients = float(row[0] if row else math.nan)
    return {("postgres", "clients"): clients, ("postgres", CPU): cpu_seconds(place.postgres.get_pid())}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, those that have ended included."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total


def _web(place: Place) -> Look:
    """What web processes tell of themselves: whichever is asked tells of all."""
    with urllib.request.urlopen(f"{place.webs[-1].url}/metrics", timeout=SECONDS) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        ("both web processes", TOLD[sample.name]): sample.value
        for family in families
        for sample in family.samples
        if sample.name in TOLD
    }


@dataclass
class Growth:
    """Looks by the clock, and one at rest before anybody came and one after all had gone."""

    looks: list[tuple[float, Look]] = field(default_factory=list)
    before: Look = field(default_factory=dict)
    after: Look = field(default_factory=dict)

    async def keep_looking(self, place: Place, seconds: float, asked: Callable[[], int]) -> None:
        """`asked`: how many questions there have been, of all users."""
        while True:
            at = time.monotonic()
            seen = await asyncio.to_thread(look, place)
            self.looks.append((at, {**seen, ASKED: float(asked())}))
            await asyncio.sleep(seconds)

    def as_table(self) -> str:
        """Whether something grows is said of the second half, when caches and pools are full: by the hour,
        and of memory by the thousand questions (all users' together) too, as more load is a steeper hour."""
        whole, half = self._series(self.looks), self._series(self.looks[len(self.looks) // 2 :])
        rows = []
        for (process, what), points in sorted(half.items()):
            values = [value for _, _, value in points]
            by_hour = _by_hour(points)
            rows.append([
                process, what, _cell(self.before, process, what), number(sum(values) / len(values)),
                number(max(values)), _slope(_by_hour(whole[process, what], 2 * BLOCKS)), _slope(by_hour),
                _slope(_by_thousand(points), 2) if what == RSS else "",
                "grows" if by_hour[0] - by_hour[1] > 0 else "no", _cell(self.after, process, what),
            ])  # fmt: skip
        head = [
            "process", "what", "before", "mean", "most", "an hour, whole, 95 %", "an hour, 2nd half, 95 %",
            "for 1,000 questions, 2nd half", "grows", "after",
        ]  # fmt: skip
        return table(head, rows)

    def _series(self, looks: Sequence[tuple[float, Look]]) -> dict[tuple[str, str], list[Point]]:
        found: dict[tuple[str, str], list[Point]] = defaultdict(list)
        for at, seen in looks:
            for key, value in seen.items():
                if key != ASKED and key[1] != CPU:  # which always grow
                    found[key].append((at / 3600, seen.get(ASKED, math.nan) / 1000, value))
        return found


def _by_hour(points: Sequence[Point], blocks: int = BLOCKS) -> tuple[float, float]:
    return slope([at for at, _, _ in points], [value for _, _, value in points], blocks)


def _by_thousand(points: Sequence[Point]) -> tuple[float, float]:
    return slope([asked for _, asked, _ in points], [value for _, _, value in points])


def _slope(found: tuple[float, float], digits: int = 1) -> str:
    return f"{number(found[0], digits)} ± {number(found[1], digits)}"


def _cell(seen: Look, process: str, what: str) -> str:
    return number(seen.get((process, what), math.nan))


def slope(times: Sequence[float], values: Sequence[float], blocks: int = BLOCKS) -> tuple[float, float]:
    """Least squares over the means of equal spans, and half the width of its 95 % confidence interval.
    Of `values` over the hours, or over whatever else went on: `times` never fall.

    Spans, since looks a few seconds apart are alike: taken one by one they would promise too narrow a bound.
    NaN, where there are fewer than three spans to go by.
    """
    points = _means(times, values, blocks)
    count = len(points)
    if count < 3:
        return math.nan, math.nan
    mean_t, mean_v = (sum(column) / count for column in zip(*points, strict=True))
    spread = sum((at - mean_t) ** 2 for at, _ in points)
    found = sum((at - mean_t) * (value - mean_v) for at, value in points) / spread
    rest = sum((value - mean_v - found * (at - mean_t)) ** 2 for at, value in points)
    wide = float(student.ppf((1 + CONFIDENCE) / 2, count - 2))
    return found, wide * (rest / (count - 2) / spread) ** 0.5


def _means(times: Sequence[float], values: Sequence[float], blocks: int) -> list[tuple[float, float]]:
    first, last = min(times), max(times)
    if len(times) <= blocks or not last > first:  # or nobody counted
        return list(zip(times, values, strict=True)) if last > first else []
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for at, value in zip(times, values, strict=True):
        spans[min(blocks - 1, int((at - first) / (last - first) * blocks))].append((at, value))
    return [
        (sum(at for at, _ in span) / len(span), sum(value for _, value in span) / len(span))
        for span in spans.values()
    ]
