"""Whether nonsense sent to the door for browser timings slows anybody: `python -m tests.bench posts`.

One socket asks `ping` fifty times a second while nothing else goes on, while a hundred plain requests a
second come in (the health page, the cheapest there is), and while a hundred malformed, huge, forged and
replayed timing posts a second do. Rounds of five seconds, interleaved, so that a round is 500 posts.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
import uvloop

from tests.bench.measures import quantile
from tests.bench.process import pin_to_load_core
from tests.bench.provider import Provider
from tests.bench.report import number, table
from tests.bench.variants import Grump

SECONDS = 5.0
A_SECOND = 100
BETWEEN_PINGS = 0.02
DOOR = "/api/metrics/frontend"
PLAIN = "/api/health/live"
GOOD = {"page": "forged", "device": "desktop", "timings": [["LCP", 0, 900]]}


Act = Callable[[], Awaitable[int]]


def nonsense(dice: random.Random) -> list[bytes]:
    """One of each kind."""
    return [
        bytes(dice.randrange(256) for _ in range(200)),
        json.dumps(GOOD)[: dice.randrange(1, 50)].encode(),
        b"[" * 10_000,
        b'{"timings": "' + b"x" * 300_000 + b'"}',
        json.dumps(GOOD).encode(),
        json.dumps({**GOOD, "device": "x" * 1_000}).encode(),
        json.dumps({**GOOD, "timings": [["LCP", 0, 1]] * 61}).encode(),
        json.dumps({**GOOD, "timings": [["<script>", 10**30, -1]]}).encode(),
    ]


class Unpaced(Grump):
    """Takes as many frames of one socket as are needed here."""

    @staticmethod
    def _environment(home: Path, provider_port: int) -> Mapping[str, str]:
        return {**Grump._environment(home, provider_port), "MAX_FRAMES_PER_MINUTE": "100000"}


async def measure(server: str, rounds: int) -> str:
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        provider, grump = Provider(), Unpaced(server)
        await provider.start(Path(directory))
        try:
            await grump.start(provider.port, Path(directory))
            return await _compared(f"http://127.0.0.1:{grump.port}", grump, rounds)
        finally:
            await grump.stop()
            provider.stop()


async def _compared(origin: str, grump: Grump, rounds: int) -> str:
    headers = {"Origin": origin, "Cookie": await grump._guest()}
    dice = random.Random(8)
    pings: dict[str, list[float]] = {}
    answers: dict[str, dict[int, int]] = {}
    cpu: dict[str, float] = {}
    assert grump.process is not None
    async with aiohttp.ClientSession(origin, headers=headers) as client:

        async def plain() -> int:
            async with client.get(PLAIN) as response:
                return response.status

        async def post() -> int:
            async with client.post(DOOR, data=dice.choice(nonsense(dice))) as response:
                return response.status

        kinds: dict[str, Act | None] = {"nothing": None, "plain requests": plain, "nonsense": post}
        async with client.ws_connect("/ws/chat/") as socket:
            for turn in range(rounds + 1):
                for name, act in kinds.items():
                    before = grump.process.cpu_seconds()
                    taken, statuses = await asyncio.gather(_ping(socket), _act(act))
                    if turn == 0:
                        continue  # everything is warm
                    cpu[name] = cpu.get(name, 0.0) + grump.process.cpu_seconds() - before
                    pings.setdefault(name, []).extend(taken)
                    for status in statuses:
                        of = answers.setdefault(name, {})
                        of[status] = of.get(status, 0) + 1
    rows = []
    for name, taken in pings.items():
        shown = [number(quantile(taken, share) * 1000, 1) for share in (0.5, 0.95, 0.99)]
        said = ", ".join(f"{count:,} × {status}" for status, count in answers.get(name, {}).items()) or "–"
        rows.append([name, said, *shown, number(cpu[name] / rounds / SECONDS * 100, 0)])
    return table(["meanwhile", "answered", "ping p50, ms", "p95, ms", "p99, ms", "CPU, %"], rows)


async def _ping(socket: aiohttp.ClientWebSocketResponse) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + SECONDS
    while (begun := time.perf_counter()) < end:
        await socket.send_json({"type": "ping", "id": "p"})
        while (await socket.receive_json(timeout=10))["type"] != "pong":
            pass
        taken.append(time.perf_counter() - begun)
        await asyncio.sleep(BETWEEN_PINGS)
    return taken


async def _act(act: Act | None) -> list[int]:
    if act is None:
        return []
    begun, tasks = time.perf_counter(), []
    for step in range(int(SECONDS * A_SECOND)):
        await asyncio.sleep(max(0.0, begun + step / A_SECOND - time.perf_counter()))
        tasks.append(asyncio.ensure_future(act()))
    return list(await asyncio.gather(*tasks))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench posts", description=__doc__)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    pin_to_load_core()
    sys.stdout.write(f"{uvloop.run(measure(options.server, options.rounds))}\n")
