"""As much of PromQL as the alerts and dashboards use, over two scrapes. Not Prometheus: `rate` and `increase`
take the two scrapes for the ends of the window; staleness and extrapolation are left out.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import promql_parser
from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]


@dataclass(frozen=True)
class Scrapes:
    """Samples by name and labels, before and now."""

    before: Mapping[tuple[str, Labels], float]
    now: Mapping[tuple[str, Labels], float]


def read(text: str, **target: str) -> dict[tuple[str, Labels], float]:
    """A scrape's text as samples; `target` is what Prometheus adds to each."""
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples[sample.name, frozenset({**sample.labels, **target}.items())] = sample.value
    return samples


def evaluate(expression: str, scrapes: Scrapes) -> Vector | float:
    return _value(promql_parser.parse(expression), scrapes)


def selectors(node: Any) -> Iterable[Any]:
    """Every vector selector of a parsed expression."""
    match type(node).__name__:
        case "VectorSelector":
            yield node
        case "MatrixSelector":
            yield node.vector_selector
        case "BinaryExpr":
            yield from selectors(node.lhs)
            yield from selectors(node.rhs)
        case "Call":
            for argument in node.args:
                yield from selectors(argument)
        case "AggregateExpr" | "ParenExpr":
            yield from selectors(node.expr)


def _value(node: Any, scrapes: Scrapes) -> Vector | float:
    match type(node).__name__:
        case "NumberLiteral":
            return float(node.val)
        case "ParenExpr":
            return _value(node.expr, scrapes)
        case "VectorSelector":
            return _select(node, scrapes.now)
        case "Call":
            return _call(node, scrapes)
        case "AggregateExpr":
            return _aggregate(node, scrapes)
        case "BinaryExpr":
            return _binary(node, scrapes)
    raise NotImplementedError(type(node).__name__)


def _select(selector: Any, samples: Mapping[tuple[str, Labels], float]) -> Vector:
    return {
        labels: value
        for (name, labels), value in samples.items()
        if name == selector.name and all(_matches(one, dict(labels)) for one in selector.matchers.matchers)
    }


def _matches(matcher: Any, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.name, "")
    match str(matcher.op).rpartition(".")[2]:
        case "Equal":
            return value == matcher.value
        case "NotEqual":
            return value != matcher.value
        case "Re":
            return re.fullmatch(matcher.value, value) is not None
        case _:
            return re.fullmatch(matcher.value, value) is None


def _call(node: Any, scrapes: Scrapes) -> Vector | float:
    name = node.func.name
    if name == "histogram_quantile":
        wanted, buckets = (_value(one, scrapes) for one in node.args)
        return _quantile(float(wanted), buckets)  # type: ignore[arg-type]
    if name not in ("rate", "increase"):
        raise NotImplementedError(name)
    matrix = node.args[0]
    before, now = (_select(matrix.vector_selector, samples) for samples in (scrapes.before, scrapes.now))
    seconds = matrix.range.total_seconds() if name == "rate" else 1.0
    grown = {labels: value - before.get(labels, 0.0) for labels, value in now.items()}
    return {labels: value / seconds for labels, value in grown.items()}


def _quantile(wanted: float, buckets: Vector) -> Vector:
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in buckets.items():
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        groups.setdefault(rest, []).append((float(dict(labels)["le"]), count))
    found = {}
    for rest, counts in groups.items():
        counts.sort()
        rank, below, floor = wanted * counts[-1][1], 0.0, 0.0
        for edge, count in counts:
            if count >= rank and count > 0:
                inside = (rank - below) / (count - below) if count > below else 1.0
                found[rest] = floor if math.isinf(edge) else floor + (edge - floor) * inside
                break
            below, floor = count, edge
    return found


def _aggregate(node: Any, scrapes: Scrapes) -> Vector:
    if str(node.op) != "sum":
        raise NotImplementedError(node.op)
    kept = set(node.modifier.labels) if node.modifier else set()
    summed: Vector = {}
    vector = _value(node.expr, scrapes)
    assert isinstance(vector, dict)
    for labels, value in vector.items():
        group = frozenset(pair for pair in labels if pair[0] in kept)
        summed[group] = summed.get(group, 0.0) + value
    return summed


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "==": lambda left, right: left == right,
}
_COUNT: dict[str, Callable[[float, float], float]] = {
    "/": lambda left, right: left / right if right else math.nan,
    "+": lambda left, right: left + right,
    "*": lambda left, right: left * right,
}


def _binary(node: Any, scrapes: Scrapes) -> Vector:
    left, right = _value(node.lhs, scrapes), _value(node.rhs, scrapes)
    assert isinstance(left, dict)
    of = str(node.op)
    pairs = {
        labels: (value, right if isinstance(right, float) else right[labels])
        for labels, value in left.items()
        if isinstance(right, float) or labels in right
    }
    if of in _COMPARE:
        return {labels: value for labels, (value, other) in pairs.items() if _COMPARE[of](value, other)}
    return {labels: _COUNT[of](value, other) for labels, (value, other) in pairs.items()}
