"""Figures as the page shows them: goals with their trend and its table, a table for each cut, money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat.dashboard.goals import GROUPS, Group, Measure, quantile, share
from chat.totals import ANSWER_TIME, ANSWERS, API, CUTS, FIRST_TOKEN
from figures.cells import ALL, Cut, Figures
from figures.pictures import height, lines
from figures.reading import WINDOWS, Series, Window, by, series
from figures.sampling import PROCESS

MOST_LINES = 20  # of a cut's table


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see."""

    window: Window
    cut: Cut = ALL
    by: str = "model"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wish":
        """Of a query string; what is unknown is as if it were not there."""
        cut = query.get("cut", "")
        value = query.get("value", "")[:140].replace("\0", "")
        chosen = (cut, value) if cut in CUTS and value else ALL
        by = query.get("by", "")
        window = WINDOWS.get(query.get("window", ""), WINDOWS["day"])
        return cls(window, chosen, by if by in CUTS else "model")


def text_of(value: float | None, unit: str, digits: int) -> str:
    if value is None:
        return "–"
    if unit == "ms" and value >= 10_000:
        return f"{value / 1000:,.1f} s"
    return f"{value:,.{digits}f}{unit and chr(0xA0)}{unit}"


Read = Mapping[str, Series]


def read_all(wish: Wish, now: datetime) -> Read:
    """One query a kind of cells, by kind."""
    kinds = dict.fromkeys([*(group.kind for group in GROUPS), API])
    return {kind: series(kind, wish.window, now, wish.cut) for kind in kinds}


def groups_shown(wish: Wish, read: Read) -> list[dict[str, Any]]:
    return [_group(group, read[group.kind], wish) for group in GROUPS]


def _group(group: Group, found: Series, wish: Wish) -> dict[str, Any]:
    trends = [[measure.read(figures) for _, figures in found.steps] for measure in group.measures]
    known = [value for trend in trends for value in trend if value is not None]
    goals = [measure.goal for measure in group.measures if measure.goal is not None]
    ceiling = 1.05 * max([*known, *goals], default=1.0)
    return {
        "name": group.name,
        "title": group.title,
        "note": group.note,
        "measures": [
            _measure(measure, measure.read(found.total), number)
            for number, measure in enumerate(group.measures)
        ],
        "has_data": bool(known),
        "drawn": [
            {"number": number, "lines": lines(trend, ceiling, logarithmic=group.logarithmic)}
            for number, trend in enumerate(trends)
        ],
        "goal_lines": sorted({height(goal, ceiling, logarithmic=group.logarithmic) for goal in goals}),
        "format": "j M" if wish.window.grain > 1 else "j M, H:i",
        "rows": [
            {
                "at": at,
                "values": [
                    text_of(trend[number], measure.unit, measure.digits)
                    for trend, measure in zip(trends, group.measures, strict=True)
                ],
            }
            for number, (at, _) in enumerate(found.steps)
            if any(trend[number] is not None for trend in trends)
        ][::-1],
    }


def _measure(measure: Measure, value: float | None, number: int) -> dict[str, Any]:
    met = measure.met(value)
    return {
        "number": number,
        "title": measure.title,
        "value": text_of(value, measure.unit, measure.digits),
        "goal": "" if measure.goal is None else text_of(measure.goal, measure.unit, _digits(measure.goal)),
        "sign": "≥" if measure.more_is_better else "≤",
        "state": "" if met is None else "met" if met else "missed",
    }


def _digits(goal: float) -> int:
    return 0 if goal == int(goal) else 1


_COLUMNS: tuple[tuple[str, Callable[[Figures], float | None], str, int], ...] = (
    ("Answers", lambda figures: figures["answers"], "", 0),
    ("First token P50", quantile(FIRST_TOKEN, 0.5), "ms", 0),
    ("P95", quantile(FIRST_TOKEN, 0.95), "ms", 0),
    ("P99", quantile(FIRST_TOKEN, 0.99), "ms", 0),
    ("Answer P95", quantile(ANSWER_TIME, 0.95), "ms", 0),
    ("Failed", share("failed", "interrupted", of="answers"), "%", 2),
    ("Fell back", share("fell back", of="answers"), "%", 2),
    ("From before", share("cached exact", "cached semantic", "cached joined", of="answers"), "%", 1),
)


def drilled(wish: Wish, now: datetime) -> dict[str, Any]:
    """One table: a line each value of the wished cut, the most answers first. One query."""
    found = sorted(by(ANSWERS, wish.window, now, wish.by).items(), key=lambda one: -one[1]["answers"])
    return {
        "columns": [*(title for title, *_ in _COLUMNS), "Cost"],
        "left_out": max(len(found) - MOST_LINES, 0),
        "lines": [
            {
                "value": value,
                "chosen": wish.cut == (wish.by, value),
                "cells": [
                    *(text_of(read(figures), unit, digits) for _, read, unit, digits in _COLUMNS),
                    dollars(figures["house"]),
                ],
            }
            for value, figures in found[:MOST_LINES]
        ],
    }


def dollars(microusd: float) -> str:
    return f"{'−' if microusd < 0 else ''}${abs(microusd) / 1_000_000:,.4f}"


def money(read: Read, reference: str) -> dict[str, Any]:
    """What was spent, and what was not."""
    answers, calls = read[ANSWERS].total, read[API].total
    return {
        "chat": dollars(answers["house"]),
        "each": dollars(answers["house"] / answers["answers"]) if answers["answers"] else "–",
        "api": dollars(calls["house"]),
        "api_calls": int(calls["answers"]),
        "answers": int(answers["answers"]),
        "cache": dollars(answers["saved by cache"]),
        "routed": dollars(answers["routed"]),
        "at_reference": dollars(answers["at reference"]) if answers["at reference"] else "–",
        "routing": dollars(answers["at reference"] - answers["routed"]) if answers["at reference"] else "–",
        "reference": reference,
    }


def refusals(read: Read) -> list[tuple[str, int]]:
    """(limit, how often quotas refused a turn by it), the most frequent first."""
    counts = read[PROCESS].total.counts.items()
    found = [(name.removeprefix("refused "), int(n)) for name, n in counts if name.startswith("refused ")]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def errors_shown(read: Read) -> list[tuple[str, int]]:
    """(code, how many), the most frequent first."""
    found = [
        (name.removeprefix("error "), int(number))
        for name, number in read[ANSWERS].total.counts.items()
        if name.startswith("error ")
    ]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:10]
