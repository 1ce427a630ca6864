"""The measures. Each takes one round of one variant and returns plain figures by name."""

import asyncio
import time
from dataclasses import dataclass

from tests.bench.load import PER_SECOND, Load
from tests.bench.provider import Provider
from tests.bench.watch import Failed, Watch

Figures = dict[str, float]

LATENESS_LIMIT_MS = 100.0
FLOOD_STREAMS = 8
STARTS = 25  # streams begun a second, before many are measured
SINGLES_COUNTED = 300  # the clock of the CPU has ticks of 10 ms


@dataclass(frozen=True)
class Scale:
    """How long and how wide; `QUICK` is for a look, `FULL` for docs/performance.md."""

    levels: tuple[int, ...] = (1, 50, 200)
    singles: int = 100  # answers one after the other, for level 1
    window: float = 12.0  # seconds of measuring under steady load
    paced_window: float = 5.0
    paced_start: int = 100
    paced_most: int = 1600
    paced_step: int = 25  # the search ends at this resolution
    memory_streams: int = 100


FULL = Scale()
QUICK = Scale(levels=(1, 50), singles=30, window=4.0, paced_window=3.0, paced_step=50, memory_streams=50)


def quantile(values: list[float], share: float) -> float:
    """Nearest rank; NaN of nothing."""
    if not values:
        return float("nan")
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def failures(watches: list[Watch]) -> list[str]:
    ended = [watch.ended for watch in watches if watch.ended.done() and not watch.ended.cancelled()]
    return [str(error) for future in ended if isinstance(error := future.exception(), Failed)]


def _delivered(watches: list[Watch]) -> list[Watch]:
    return [watch for watch in watches if watch.frames]


async def first_token(load: Load, provider: Provider, scale: Scale) -> Figures:
    """Milliseconds from question to first token, while 1, 50, 200 streams are paced at 50 tokens a second
    (each new question is asked as an older answer ends)."""
    figures: Figures = {}
    process = load.variant.process
    for level in scale.levels:
        if level == 1:
            await load.take(1)
            before = process.cpu_seconds() if process else 0.0
            watches = await load.one_by_one("fast", scale.singles)
            if process:
                figures["cpu_ms_per_turn"] = (process.cpu_seconds() - before) * 1000 / len(watches)
        else:
            answer_seconds = 6.0
            watches = await load.kept_running(
                "paced-50", level, answer_seconds, lambda: asyncio.sleep(scale.window)
            )
        times = [watch.first_token_ms for watch in _delivered(watches)]
        for share in (50, 95, 99):
            figures[f"{level}/p{share}"] = quantile(times, share / 100)
        figures[f"{level}/asked"] = len(watches)
        figures[f"{level}/failed"] = len(failures(watches))
        figures[f"{level}/delivered"] = len(times) / len(watches)
        if process and level <= 50:
            figures[f"{level}/cpu_ms_per_1000_tokens"] = await _paced_cpu(load, level)
        await provider.forget()
    return figures


async def costs(load: Load, provider: Provider, scale: Scale) -> Figures:
    """The server's CPU time alone, of a turn and of paced tokens: what the gate needs of `first_token`."""
    process = load.variant.process
    if process is None:
        return {}
    await load.take(1)
    before = process.cpu_seconds()
    watches = await load.one_by_one("fast", SINGLES_COUNTED)
    figures: Figures = {
        "cpu_ms_per_turn": (process.cpu_seconds() - before) * 1000 / len(watches),
        "failed": len(failures(watches)),
        "50/cpu_ms_per_1000_tokens": await _paced_cpu(load, 50),
    }
    await provider.forget()
    return figures


async def _paced_cpu(load: Load, level: int) -> float:
    """The server's CPU time while `level` answers are relayed at 50 tokens a second, turns included."""
    assert load.variant.process is not None
    await load.take(level)
    before = load.variant.process.cpu_seconds()
    watches = await load.all_at_once("paced-50", level)
    tokens = sum(watch.tokens for watch in watches)
    return (load.variant.process.cpu_seconds() - before) * 1e6 / tokens


async def paced(load: Load, provider: Provider, scale: Scale) -> Figures:
    """The most streams at 50 tokens a second of which the p95 of a frame's lateness stays under the limit."""
    figures: Figures = {}
    passed, failed, streams = 0, scale.paced_most + 1, scale.paced_start
    while failed - passed > scale.paced_step and streams <= scale.paced_most:
        trial = await _paced_trial(load, provider, scale, streams)
        if trial["p95"] < LATENESS_LIMIT_MS and not trial["failed"] and trial["delivered"] > 0.99:
            passed = streams
            figures |= {"streams": streams} | {f"best/{name}": value for name, value in trial.items()}
        else:
            failed = streams
            figures |= {f"beyond/{name}": value for name, value in trial.items()}
        streams = passed * 2 if failed > scale.paced_most else (passed + failed) // 2
    return {"streams": passed} | figures


async def _paced_trial(load: Load, provider: Provider, scale: Scale, streams: int) -> Figures:
    figures: Figures = {}
    process = load.variant.process
    since = until = 0.0

    async def measure() -> None:
        nonlocal since, until
        await asyncio.sleep(1)  # what starting cost has passed
        since, before = time.monotonic(), process.cpu_seconds() if process else 0.0
        await asyncio.sleep(scale.paced_window)
        until = time.monotonic()
        if process:
            figures["cpu_s"] = process.cpu_seconds() - before

    # Begun slowly: what is asked is how many streams are carried, not how many turns begin at once.
    watches = await load.kept_running("paced-50-long", streams, 1 + streams / STARTS, measure)
    started = await provider.started()
    late = [
        lateness
        for watch in watches
        if watch.prompt in started
        for lateness in watch.lateness_ms(started[watch.prompt], PER_SECOND, since, until)
    ]
    tokens = sum(
        after - before
        for watch in watches
        for arrival, before, after in watch.frames
        if since <= arrival < until
    )
    figures["p50"], figures["p95"] = quantile(late, 0.50), quantile(late, 0.95)
    figures["delivered"] = tokens / (streams * PER_SECOND * (until - since))
    figures["failed"] = len(failures(watches))
    if "cpu_s" in figures and tokens:
        figures["cpu_ms_per_1000_tokens"] = figures.pop("cpu_s") * 1e6 / tokens
    await provider.forget()
    return figures


async def flood(load: Load, provider: Provider, scale: Scale) -> Figures:
    """Tokens a second flat out through a few streams, and the server's CPU time for them."""
    process = load.variant.process
    await load.take(FLOOD_STREAMS)
    before, since = process.cpu_seconds() if process else 0.0, time.monotonic()
    watches = await load.all_at_once("flood", FLOOD_STREAMS)
    seconds = time.monotonic() - since
    tokens = sum(watch.tokens for watch in watches)
    figures: Figures = {
        "tokens_per_s": tokens / seconds,
        "failed": len(failures(watches)),
        "delivered": tokens / (FLOOD_STREAMS * 20_000),
    }
    if process and tokens:
        figures["cpu_ms_per_1000_tokens"] = (process.cpu_seconds() - before) * 1e6 / tokens
    await provider.forget()
    return figures


async def memory(load: Load, provider: Provider, scale: Scale) -> Figures:
    """The server's weight (PSS): idle after a first answer, and for each idle socket and live stream more."""
    process = load.variant.process
    if process is None:
        return {}
    await load.drop()
    await load.one_by_one("fast", 1)
    await asyncio.sleep(1)  # what a first answer leaves to be done loads what it takes, for good
    idle = process.memory_bytes()
    connections = await load.take(scale.memory_streams + 1)
    await asyncio.sleep(1)
    connected = process.memory_bytes()
    watches = [connection.ask("held", f"{number} held") for number, connection in enumerate(connections[1:])]
    await asyncio.wait([watch.begun for watch in watches], timeout=30)
    await asyncio.sleep(1)
    live = process.memory_bytes()
    failed = len(failures(watches))  # before leaving, which ends every one of them
    await load.drop()
    await provider.forget()
    return {
        "idle_mb": idle / 1e6,
        "idle_socket_kib": (connected - idle) / 1024 / scale.memory_streams,
        "live_stream_kib": (live - connected) / 1024 / scale.memory_streams,
        "failed": failed,
    }


MEASURES = {"costs": costs, "first-token": first_token, "paced": paced, "flood": flood, "memory": memory}
