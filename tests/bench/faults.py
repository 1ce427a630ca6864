"""The fault run: many turns through the whole gateway while a fifth of the upstream requests go wrong.

    python -m tests.bench faults --turns 10000

Provider, gateway and listener share one process, so that every figure can be held against the fake's own
books: what was said, by whom, and whether anything is still open.
"""

import argparse
import asyncio
import random
import socket
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import uvloop

from chat.gateway.errors import GatewayError
from chat.gateway.events import Finished, Retry, Started, Text
from chat.gateway.loading import assemble
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway, build
from grump.lib.breaker import LocalStore, Store
from tests.bench.measures import quantile
from tests.bench.report import number, table
from tests.fakes import FakeProvider, Stream
from tests.fakes.catalogue import catalogue
from tests.fakes.scenarios import ANSWER, SLOW_SECONDS
from tests.fakes.words import WIDTH, answer_to

TIMEOUTS = {"first_token": 1.5, "idle": 1.5, "total": 30}
DEADLINE = 20.0  # seconds a turn may take
GRACE = 0.5  # seconds more that a busy event loop may take to say so
WIDTH_OF_RUN = 50  # turns at once

HEALTHY = ("fast", "prompted", "reasoning", "comments-first", "usage-missing")
ALWAYS_SICK = (
    "hang", "role-then-hang", "comments-only", "stall-mid-stream", "refuse", "server-error", "unavailable",
    "rate-limited", "error-first", "fails-then-works", "die-mid-stream", "no-terminator",
    "mid-stream-error", "garbage-line", "slow-first-token",
)  # fmt: skip


@contextmanager
def nobody_listens() -> Iterator[str]:
    """The URL of a port that refuses connections: bound, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


def gateway_to(
    url: str, away: str, timeouts: Mapping[str, float] = TIMEOUTS, breakers: Store | None = None
) -> Gateway:
    """`mock` misbehaves, `spare` stands in and is no better under "chaos", `last` is well; at `away` there
    is nobody."""
    stand_in = {name: ["spare/fast"] for name in (*HEALTHY, *ALWAYS_SICK)}
    stand_in["chaos"] = ["spare/chaos", "last/prompted"]
    tables: dict[str, Any] = {"providers": {}, "models": {}}
    for part in (
        catalogue(url, stand_in, fallback=stand_in, timeouts=timeouts),
        catalogue(url, ["fast", "chaos"], provider="spare", timeouts=timeouts),
        catalogue(url, ["prompted"], provider="last", timeouts=timeouts),
        catalogue(away, ["fast"], provider="away", fallback={"fast": ["spare/fast"]}, timeouts=timeouts),
    ):
        for kind, entries in part.items():
            tables[kind] |= entries
    return build(assemble([("faults", tables)], {}), environ={}, breaker_store=breakers, count=exact_count)


def exact_count(text: str) -> int:
    """The fake's tokens, which all have the same width."""
    return -(-len(text) // WIDTH)


@dataclass
class Report:
    turns: int = 0
    whole: int = 0
    wrong: list[str] = field(default_factory=list)  # prompts whose text was doubled, cut or altered
    failed: Counter[str] = field(default_factory=Counter)  # by error
    outlived: int = 0  # turns that took longer than their deadline
    switched: int = 0  # before the first word
    continued: int = 0  # after it
    requests: int = 0  # upstream
    faults: int = 0  # of those, ended badly, given up or made slow
    sent: int = 0  # tokens, by the fake's books
    billed: int = 0
    overbilled: int = 0  # turns that were billed more than was sent for them …
    underbilled: int = 0  # … or less: words that were on the way when their stream was given up
    left_open: int = 0
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)

    def as_table(self) -> str:
        times = f"{number(quantile(self.times, 0.5), 2)}/{number(quantile(self.times, 0.99), 2)}"
        rows = {
            "turns, upstream requests": f"{self.turns:,}, {self.requests:,}",
            "of those gone wrong or slow": f"{self.faults / self.requests:.1%}",
            "whole answers": f"{self.whole / self.turns:.2%}",
            "altered texts, failed turns": f"{len(self.wrong)}, {self.failed.total()}",
            "beyond their deadline": str(self.outlived),
            "switched before the first word, continued after it": f"{self.switched:,}, {self.continued:,}",
            "tokens sent, billed": f"{self.sent:,}, {self.billed:,}",
            "turns billed more, less than was sent": f"{self.overbilled}, {self.underbilled}",
            "left open upstream": str(self.left_open),
            "a turn's time, p50/p99 s": times,
        }
        return table(["the fault run", ""], rows.items())


def a_turn(number: int, dice: random.Random) -> tuple[str, str, str]:
    """Model, prompt and the text that must come."""
    prompt = f"question {number}"
    kind = dice.random()
    if kind < 0.95:
        return "mock/chaos", prompt, "".join(answer_to(prompt))
    if kind < 0.96:
        name = dice.choice(HEALTHY)
        return f"mock/{name}", prompt, "".join(answer_to(prompt)) if name == "prompted" else ""
    name = dice.choice((*ALWAYS_SICK, "away"))
    return "away/fast" if name == "away" else f"mock/{name}", prompt, "".join(ANSWER)


async def run(turns: int, seed: int = 0) -> Report:
    report = Report(turns)
    billed: dict[str, int] = {}
    dice = random.Random(seed)
    clock = asyncio.get_running_loop().time

    async with FakeProvider() as fake:
        with nobody_listens() as away:
            gateway = gateway_to(fake.url, away)
            todo = iter([a_turn(number, dice) for number in range(turns)])

            async def ask_in_turn() -> None:
                for model, prompt, expected in todo:
                    expected = expected or fake.scenarios[model.removeprefix("mock/")].text
                    begun = clock()
                    await turn(gateway, report, billed, model, prompt, expected, begun + DEADLINE)
                    report.times.append(clock() - begun)
                    report.outlived += clock() - begun > DEADLINE + GRACE

            begun = time.perf_counter()
            await asyncio.gather(*(ask_in_turn() for _ in range(WIDTH_OF_RUN)))
            report.seconds = time.perf_counter() - begun
            await gateway.close()
        try:
            await fake.ledger.until(lambda books: not books.open and not books.connections_open)
        except TimeoutError:
            report.left_open = len(fake.ledger.open) + fake.ledger.connections_open
        balance(report, fake, billed)
    return report


async def turn(
    gateway: Gateway,
    report: Report,
    billed: dict[str, int],
    model: str,
    prompt: str,
    expected: str,
    deadline: float,
) -> None:
    pieces = []
    request = ChatRequest((ChatMessage("user", prompt),), model=model, party=prompt, deadline=deadline)
    try:
        async for event in gateway.stream(request):
            match event:
                case Text(text):
                    pieces.append(text)
                case Started():
                    report.switched += event.model != model
                case Retry():
                    report.continued += 1
                case Finished():
                    billed[prompt] = event.usage.output_tokens
    except GatewayError as error:
        report.failed[type(error).__name__] += 1
    else:
        if "".join(pieces) == expected:
            report.whole += 1
        else:
            report.wrong.append(prompt)


def went_wrong(stream: Stream) -> bool:
    slow = stream.ended is not None and stream.ended - stream.started >= SLOW_SECONDS
    return slow or stream.outcome != "complete"


def balance(report: Report, fake: FakeProvider, billed: dict[str, int]) -> None:
    """The bill of each turn against what the fake wrote for it."""
    sent: defaultdict[str, int] = defaultdict(int)
    for stream in fake.ledger.streams:
        sent[stream.prompt] += stream.tokens
    report.requests = fake.ledger.requests
    report.faults = sum(map(went_wrong, fake.ledger.streams))
    report.sent, report.billed = sum(sent.values()), sum(billed.values())
    report.overbilled = sum(bill > sent[prompt] for prompt, bill in billed.items())
    report.underbilled = sum(bill < sent[prompt] for prompt, bill in billed.items())


class NeverOpens(LocalStore):
    """Breakers would stop asking a candidate that always fails, and asking it is what is measured."""

    async def record(self, *report: object) -> None: ...


FIRST_TOKEN = 0.5  # seconds that a hanging candidate is waited for
FAILOVERS = 60  # of each kind
SICK = {"refused": "away/fast", "HTTP 500": "mock/server-error", "hangs": "mock/hang"}


async def failover(rounds: int) -> str:
    """What a first candidate that fails adds to the first word, against a first candidate that works."""
    times: dict[str, list[float]] = {"": [], **{trouble: [] for trouble in SICK}}
    async with FakeProvider() as fake:
        with nobody_listens() as away:
            timeouts = {**TIMEOUTS, "first_token": FIRST_TOKEN}
            gateway = gateway_to(fake.url, away, timeouts, NeverOpens())
            for _ in range(rounds):
                for trouble, model in {"": "spare/fast", **SICK}.items():
                    times[trouble].append(await first_word(gateway, model) * 1000)
            await gateway.close()
    base = median(times[""])
    clocks = {"hangs": FIRST_TOKEN * 1000}
    rows = [
        [trouble, number(median(times[trouble]) - base, 2), number(quantile(times[trouble], 0.95) - base, 2),
         number(median(times[trouble]) - base - clocks.get(trouble, 0.0), 2)]
        for trouble in SICK
    ]  # fmt: skip
    return table(["the first candidate", "adds p50 ms", "p95 ms", "p50 beyond its first-token clock"], rows)


async def first_word(gateway: Gateway, model: str) -> float:
    clock = time.perf_counter
    begun = clock()
    async with aclosing(gateway.stream(ChatRequest((ChatMessage("user", "hello"),), model=model))) as events:
        async for event in events:
            if isinstance(event, Text):
                return clock() - begun
    raise AssertionError("an answer without a word")


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench faults", description=__doc__)
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    report = uvloop.run(run(arguments.turns, arguments.seed))
    sys.stdout.write(f"{report.as_table()}\n\n{uvloop.run(failover(FAILOVERS))}\n\n")
    if report.failed:
        sys.stdout.write(f"failed: {dict(report.failed)}\n")
