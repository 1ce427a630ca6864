"""What asking a second model saves, and what it costs: `python -m tests.bench hedging`.

Two equal providers answer after some 30 ms, and every 25th answer comes after 0.8 s: a machine that is
restarting, a batch that has filled up. The same questions are asked with hedging and without.
"""

import argparse
import asyncio
import random
import sys
import time
import zlib
from contextlib import aclosing
from typing import Any

import uvloop

from chat.gateway.events import Text
from chat.gateway.hedging import SHARE
from chat.gateway.loading import assemble
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway, build
from tests.bench.measures import quantile
from tests.bench.report import number, table
from tests.fakes import FakeProvider
from tests.fakes.catalogue import catalogue
from tests.fakes.scenarios import say
from tests.fakes.script import Ask, Finish, Scenario, Steps, Wait

USUAL = 0.03  # seconds, the middle of what is usual
STRAGGLER = 0.8
STRAGGLERS = 0.04  # share of the answers
AT_ONCE = 10
WARM = 200  # turns before the measuring, so that times are known


def straggling(ask: Ask) -> Steps:
    """Mostly quick, now and then very late; the same for nobody twice."""
    dice = random.Random(zlib.crc32(f"{ask.prompt}:{ask.attempt}".encode()))
    late = dice.random() < STRAGGLERS
    return [Wait(STRAGGLER if late else USUAL * dice.lognormvariate(0, 0.3)), *say(), Finish()]


SCENARIOS = {name: Scenario(name, "", straggling) for name in ("one", "two")}


def gateway_to(url: str, share: float) -> Gateway:
    tables: dict[str, Any] = {"providers": {}, "models": {}}
    for name in SCENARIOS:
        for kind, entries in catalogue(url, [name], provider=name).items():
            tables[kind] |= entries
    return build(assemble([("hedging", tables)], {}), environ={}, hedged=share)


async def first_words(gateway: Gateway, prompts: list[str]) -> list[float]:
    """Milliseconds to each first word, `AT_ONCE` at a time."""
    times: list[float] = []
    todo = iter(prompts)

    async def ask_in_turn() -> None:
        for prompt in todo:
            begun, first = time.perf_counter(), 0.0
            request = ChatRequest((ChatMessage("user", prompt),), party=prompt)
            async with aclosing(gateway.stream(request)) as events:
                async for event in events:
                    if not first and isinstance(event, Text):
                        first = time.perf_counter()
            times.append((first - begun) * 1000)

    await asyncio.gather(*(ask_in_turn() for _ in range(AT_ONCE)))
    return times


async def compare(turns: int) -> str:
    ways = {"without": 0.0, "with hedging": SHARE}
    times: dict[str, list[float]] = {way: [] for way in ways}
    extra: dict[str, int] = {}
    for way, share in ways.items():
        async with FakeProvider(scenarios=SCENARIOS) as fake:
            gateway = gateway_to(fake.url, share)
            await first_words(gateway, [f"warm {number}" for number in range(WARM)])
            fake.ledger.clear()
            times[way] = await first_words(gateway, [f"question {number}" for number in range(turns)])
            extra[way] = fake.ledger.requests - turns
            await gateway.close()
    return table(
        ["first word, ms", "p50", "p95", "p99", "requests more"],
        [
            [
                way,
                *(number(quantile(some, share)) for share in (0.5, 0.95, 0.99)),
                f"{extra[way] / turns:.1%}",
            ]
            for way, some in times.items()
        ],
    )


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench hedging", description=__doc__)
    parser.add_argument("--turns", type=int, default=2_000)
    sys.stdout.write(f"{uvloop.run(compare(parser.parse_args(argv).turns))}\n")
