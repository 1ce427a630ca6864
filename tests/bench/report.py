"""Rounds in, medians and Markdown tables out."""

import math
from collections.abc import Iterable
from statistics import median

from tests.bench.measures import Figures

Rounds = dict[str, list[Figures]]  # by variant


def medians(rounds: list[Figures]) -> Figures:
    middle: Figures = {}
    for name in dict.fromkeys(name for figures in rounds for name in figures):
        known = [figures[name] for figures in rounds if not math.isnan(figures.get(name, math.nan))]
        middle[name] = median(known) if known else math.nan
    return middle


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float, digits: int = 1) -> str:
    return "–" if math.isnan(value) else f"{value:,.{digits}f}"


def first_token(rounds: Rounds) -> str:
    """Direct's own times, and what each other variant adds to them, quantile by quantile."""
    figures = {variant: medians(some) for variant, some in rounds.items()}
    direct = figures.get("direct", {})
    levels = sorted({int(name.split("/")[0]) for some in figures.values() for name in some if "/" in name})

    def cell(variant: str, level: int) -> str:
        mine = figures[variant]
        quantiles = [f"{level}/p{share}" for share in (50, 95, 99)]
        base = 0.0 if variant == "direct" else 1.0
        times = "/".join(number(mine[name] - base * direct.get(name, 0.0), 2) for name in quantiles)
        lost = f" ({mine[f'{level}/delivered']:.0%} delivered)" if mine[f"{level}/delivered"] < 0.995 else ""
        return (f"({times} itself)" if variant == "direct" else times) + lost

    return table(
        [
            "added first-token time, p50/p95/p99 ms",
            *(f"{level} stream{'s' * (level > 1)}" for level in levels),
            "CPU ms a turn",
            "CPU ms per 1,000 paced tokens, 1 stream",
            "50 streams",
        ],
        [
            [
                variant,
                *(cell(variant, level) for level in levels),
                number(some.get("cpu_ms_per_turn", math.nan)),
                *(number(some.get(f"{level}/cpu_ms_per_1000_tokens", math.nan)) for level in (1, 50)),
            ]
            for variant, some in figures.items()
        ],
    )


def paced(rounds: Rounds) -> str:
    figures = {variant: medians(some) for variant, some in rounds.items()}
    direct = figures.get("direct", {}).get("streams", math.nan)
    nothing = math.nan
    return table(
        [
            "",
            "most streams at 50 tokens/s",
            "of direct",
            "lateness p50/p95 ms",
            "CPU ms per 1,000 tokens",
        ],
        [
            [
                variant,
                number(mine["streams"], 0),
                number(mine["streams"] / direct * 100, 0) + " %",
                f"{number(mine.get('best/p50', nothing))}/{number(mine.get('best/p95', nothing))}",
                number(mine.get("best/cpu_ms_per_1000_tokens", nothing)),
            ]
            for variant, mine in figures.items()
        ],
    )


def flood(rounds: Rounds) -> str:
    figures = {variant: medians(some) for variant, some in rounds.items()}
    direct = figures.get("direct", {}).get("tokens_per_s", math.nan)
    return table(
        ["", "flat out, tokens/s", "of direct", "CPU ms per 1,000 tokens", "delivered"],
        [
            [
                variant,
                number(mine["tokens_per_s"], 0),
                number(mine["tokens_per_s"] / direct * 100) + " %",
                number(mine.get("cpu_ms_per_1000_tokens", math.nan)),
                f"{mine['delivered']:.0%}",
            ]
            for variant, mine in figures.items()
        ],
    )


def memory(rounds: Rounds) -> str:
    figures = {variant: medians(some) for variant, some in rounds.items() if any(some)}
    return table(
        ["", "idle process, MB", "an idle socket more, KiB", "a live stream more, KiB"],
        [
            [
                variant,
                number(mine["idle_mb"]),
                number(mine["idle_socket_kib"]),
                number(mine["live_stream_kib"]),
            ]
            for variant, mine in figures.items()
        ],
    )


def costs(rounds: Rounds) -> str:
    figures = {variant: medians(some) for variant, some in rounds.items() if any(some)}
    return table(
        ["", "CPU ms a turn", "CPU ms per 1,000 paced tokens, 50 streams"],
        [
            [variant, number(mine["cpu_ms_per_turn"], 2), number(mine["50/cpu_ms_per_1000_tokens"])]
            for variant, mine in figures.items()
        ],
    )


TABLES = {"costs": costs, "first-token": first_token, "paced": paced, "flood": flood, "memory": memory}
