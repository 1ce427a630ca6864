"""How much of a model's window a prompt may take. Pure."""

from collections.abc import Iterable
from typing import Protocol

ANSWER_SHARE = 4  # a quarter of the window is kept for the answer
# Estimated counts are in English too low by some 5 % at times, in rarer scripts by more: where it is tight,
# this much more room is taken.
CAUTION = 1.1
NEAR = 0.6  # of the room: from here on the next fit is prepared behind the answer


class Line(Protocol):
    @property
    def tokens(self) -> int: ...


def room_for_prompt(window: int) -> int:
    """Tokens."""
    return window - window // ANSWER_SHARE


def is_near(lines: Iterable[Line], room: int) -> bool:
    """Might the next question, or the one after it, find that not everything fits?"""
    return CAUTION * sum(line.tokens for line in lines) >= NEAR * room
