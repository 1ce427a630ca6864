"""A person's own experience with each kind of suggestion corrects how sure the next ones are. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp, log

from chat.prediction.suggest import Suggestion

Record = Mapping[str, tuple[int, int, float]]  # kind → shown, right, expected to be right
STEADY = 30.0  # so many suggestions that were as right as they claimed are taken to have gone before


def heard(one: Suggestion, record: Record) -> Suggestion:
    """The suggestion, as sure as its kind has been for this person."""
    shown, right, expected = record.get(one.kind, (0, 0, 0.0))
    if not shown:
        return one
    claimed = _within(expected / shown)
    found = _within((right + STEADY * claimed) / (shown + STEADY))
    odds = _logit(_within(one.confidence)) + _logit(found) - _logit(claimed)
    return replace(one, confidence=1 / (1 + exp(-odds)))


def _within(share: float) -> float:
    return min(max(share, 0.01), 0.99)


def _logit(share: float) -> float:
    return log(share / (1 - share))
