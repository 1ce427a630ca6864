"""A day's questions, replayed with the caches and without: `python -m tests.bench trace`.

20,000 questions come at their own times (Poisson), Zipf-distributed over a thousand topics, four in ten
worded otherwise than usual. The provider's first token comes after log-normal times, median 400 ms, p95
1.5 s. Each answer names the question it was made for, so that a wrong one is noticed. Times are read from the
product's own histogram. The store is the product's cache over a real Valkey, the
vectors are the real MiniLM's.
"""

import argparse
import asyncio
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import aiohttp
from prometheus_client import REGISTRY

from chat.gateway.answers import Store
from chat.gateway.events import Started, Text
from chat.gateway.loading import BUILT_IN, assemble
from chat.gateway.loading import load as load_catalogue
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway, build
from tests.bench.report import number, table
from tests.fakes import FakeProvider
from tests.fakes.catalogue import catalogue
from tests.fakes.script import Ask, Finish, Say, Scenario, Steps, Wait

MEDIAN, P95 = 0.4, 1.5  # seconds to the provider's first token
SIGMA = math.log(P95 / MEDIAN) / 1.6449
RATE = 150.0  # questions a second
USUAL = 0.6  # share of the questions in a topic's usual wording
HISTOGRAM = "grump_time_to_first_token_seconds_bucket"

DOING = [
    "install", "configure", "clean", "repair", "choose", "store", "transport", "paint", "test",
    "measure", "sell", "insure", "photograph", "recycle", "weigh", "label", "assemble", "rent",
    "compare", "protect",
]  # fmt: skip
WHAT = [
    "a bicycle", "a printer", "a piano", "a tent", "solar panels", "a wooden table", "a violin",
    "a freezer", "curtains", "a canoe", "a camera lens", "an aquarium", "a bookshelf", "a garden hose",
    "a microscope", "a motorbike", "a mattress", "a telescope", "wine glasses", "a sewing machine",
    "a drone", "a leather sofa", "a chainsaw", "a mirror", "roof tiles", "a trailer", "a guitar",
    "a washing machine", "a carpet", "a lawn mower", "ski boots", "a chandelier", "a wheelchair",
    "a coffee grinder", "a surfboard", "a heat pump", "a snow blower", "a chess board",
    "a space heater", "an oil painting", "a rowing machine", "a fish tank", "a kayak", "a door lock",
    "a ceiling fan", "a wood stove", "a water filter", "a projector", "a greenhouse", "a treadmill",
]  # fmt: skip
WORDINGS = [
    "How do I {0}?", "how can I {0}", "What is the best way to {0}?", "Can you tell me how to {0}?",
    "How should I {0}?",
]  # fmt: skip


def answer(ask: Ask) -> Steps:
    """After its own time; the same for nobody twice."""
    dice = random.Random(zlib.crc32(f"{ask.prompt}:{ask.attempt}".encode()))
    wait = MEDIAN * dice.lognormvariate(0, SIGMA)
    return [Wait(wait), Say(f"<{ask.prompt}> "), Say("That is how."), Finish()]


@dataclass(frozen=True, slots=True)
class Question:
    at: float  # seconds after the start
    topic: int
    text: str


def questions(count: int, topics: int, rate: float, seed: int = 1) -> Iterator[Question]:
    dice = random.Random(seed)
    every = [f"{doing} {what}" for doing, what in product(DOING, WHAT)]
    dice.shuffle(every)
    weights = [1 / rank for rank in range(1, topics + 1)]
    at = 0.0
    for topic in dice.choices(range(topics), weights, k=count):
        at += dice.expovariate(rate)
        wording = WORDINGS[0] if dice.random() < USUAL else dice.choice(WORDINGS[1:])
        yield Question(at, topic, wording.format(every[topic]))


@dataclass
class Replay:
    asked: int = 0
    from_: Counter[str] = field(default_factory=Counter)  # by kind of cache
    wrong: Counter[str] = field(default_factory=Counter)
    upstream: int = 0
    quantiles: dict[float, float] = field(default_factory=dict)  # seconds
    by_kind: dict[str, list[float]] = field(default_factory=dict)  # seconds, measured by the listener

    @property
    def hit_rate(self) -> float:
        return (self.from_["exact"] + self.from_["semantic"] + self.from_["joined"]) / self.asked


async def replay(
    todo: list[Question], store: Store | None, embeddings: str = "", error: float | None = 0.02
) -> Replay:
    """The questions, each at its time, through a whole gateway of its own."""
    result = Replay(len(todo))
    topic_of = {question.text: question.topic for question in todo}
    scenarios = {"slow": Scenario("slow", "", answer)}
    clock = asyncio.get_running_loop().time
    before = _buckets()
    async with FakeProvider(scenarios=scenarios) as fake:
        gateway = _gateway(fake.url, store, embeddings, error)

        async def ask(question: Question) -> None:
            request = ChatRequest((ChatMessage("user", question.text),), "mock/slow", party="everybody")
            begun, kind, said = clock(), "none", ""
            async with aclosing(gateway.stream(request)) as events:
                async for event in events:
                    if isinstance(event, Started):
                        kind = event.cached or "none"
                    elif isinstance(event, Text):
                        if not said:
                            result.by_kind.setdefault(kind, []).append(clock() - begun)
                        said += event.text
            result.from_[kind] += 1
            made_for = said[1 : said.index(">")]
            result.wrong[kind] += topic_of[made_for] != question.topic

        start = clock()
        async with asyncio.TaskGroup() as asking:
            for question in todo:
                early = start + question.at - clock()
                if early > 0:
                    await asyncio.sleep(early)
                asking.create_task(ask(question))
        await gateway.close()
        result.upstream = fake.ledger.requests
    counted = {bound: count - before.get(bound, 0.0) for bound, count in _buckets().items()}
    result.quantiles = {share: quantile_of(counted, share) for share in (0.5, 0.95, 0.99)}
    return result


def quantile_of(buckets: dict[float, float], share: float) -> float:
    """As PromQL's `histogram_quantile` reads cumulative buckets: evenly spread within each."""
    bounds = sorted(buckets)
    wanted = buckets[bounds[-1]] * share
    low, below = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if math.isinf(bound) or buckets[bound] == below:
                return low
            return low + (bound - low) * (wanted - below) / (buckets[bound] - below)
        low, below = bound, buckets[bound]
    return low


def _buckets() -> dict[float, float]:
    found: dict[float, float] = {}
    for metric in REGISTRY.collect():
        for sample in metric.samples:
            if sample.name == HISTOGRAM and sample.labels["provider"] == "mock":
                bound = float(sample.labels["le"])
                found[bound] = found.get(bound, 0.0) + sample.value
    return found


def _gateway(url: str, store: Store | None, embeddings: str, error: float | None) -> Gateway:
    tables = catalogue(url, ["slow"])
    environ = {}
    if embeddings:
        environ["LOCAL_EMBEDDINGS_BASE_URL"] = embeddings
        minilm = load_catalogue("", environ)
        name = "local-embeddings"
        tables["providers"][name] = {"dialect": "openai", "base_url": embeddings}
        tables["models"][f"{name}/minilm"] = {
            "provider": name, "upstream": minilm.models[f"{name}/minilm"].upstream, "context": 512,
            "price": {"input": 0, "output": 0}, "tier": "simple", "capabilities": ["embeddings"],
        }  # fmt: skip
    built = assemble([(BUILT_IN.name, tables)], environ)
    return build(
        built, environ=environ, answers=store, semantic_error=error if embeddings else None, hedged=0
    )


@asynccontextmanager
async def minilm() -> AsyncIterator[str]:
    """The embedded server, in a process of its own; its base URL."""
    from grump.local import llama, minilm

    with tempfile.TemporaryDirectory(prefix="grump-minilm-") as folder, socket.socket() as held:
        weights = minilm.ensure(Path(folder))
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.close()
        command = [sys.executable, "-P", llama.__file__, "embeddings", "--model", str(weights)]
        command += ["--alias", "all-minilm-l6-v2", "--port", str(port)]
        quiet = subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
        try:
            async with aiohttp.ClientSession() as session, asyncio.timeout(30):
                while not await _answers(session, port):  # noqa: ASYNC110 - another process's event
                    await asyncio.sleep(0.1)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()
            await process.wait()


async def _answers(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/health") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def rows(replays: dict[str, Replay]) -> str:
    def of(kind: str, some: Replay) -> str:
        times = sorted(some.by_kind.get(kind, []))
        if not times:
            return "–"
        return "/".join(number(times[int(share * (len(times) - 1))] * 1000, 1) for share in (0.5, 0.99))

    lines = [
        ["answered without the provider", *(f"{some.hit_rate:.1%}" for some in replays.values())],
        *(
            [f"{kind}", *(f"{some.from_[kind] / some.asked:.1%}" for some in replays.values())]
            for kind in ("exact", "semantic", "joined")
        ),
        [
            "wrong, of the semantic",
            *(f"{some.wrong['semantic']} of {some.from_['semantic']}" for some in replays.values()),
        ],
        ["requests upstream", *(f"{some.upstream:,}" for some in replays.values())],
        *(
            [
                f"first token p{share * 100:.0f}, ms",
                *(number(r.quantiles[share] * 1000) for r in replays.values()),
            ]
            for share in (0.5, 0.95, 0.99)
        ),
        *(
            [f"of {kind} hits p50/p99, ms", *(of(kind, some) for some in replays.values())]
            for kind in ("exact", "semantic")
        ),
    ]
    return table(["", *replays], lines)


async def compare(count: int, topics: int, rate: float) -> str:
    from chat.answer_store import AnswerStore

    todo = list(questions(count, topics, rate))
    replays = {"without cache": await replay(todo, None)}
    async with minilm() as url:
        replays["with caches"] = await replay(todo, AnswerStore(), url)
    return rows(replays)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench trace", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--topics", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=RATE, help="questions a second")
    asked = parser.parse_args(argv)
    import django

    import tests.environment  # noqa: F401 - a Valkey and a data directory of its own

    os.environ["DJANGO_SETTINGS_MODULE"] = "grump.settings"

    django.setup()
    from django.core.management import call_command

    import grump.asgi  # noqa: F401 - this process is set up as one that serves

    call_command("migrate", verbosity=0)
    sys.stdout.write(f"{asyncio.run(compare(asked.requests, asked.topics, asked.rate))}\n")
