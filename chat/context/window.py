"""Which messages of a conversation fit into a model's window. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from chat.gateway.counting import count_tokens
from chat.gateway.pricing import TOKENS_PER_MESSAGE

ANSWER_SHARE = 4  # a quarter of the window is kept for the answer
# Counts are estimates, in English too low by some 5 % at times, in rarer scripts by more: where it is tight,
# this much more room is taken.
CAUTION = 1.1


class Line(Protocol):
    @property
    def text(self) -> str: ...


L = TypeVar("L", bound=Line)


def fit(lines: Sequence[L], window: int) -> list[L]:
    """The newest lines that leave room for an answer in `window` tokens; the last one always stays. Counts no
    more than can fit, and nothing where even single bytes would."""
    room: float = window - window // ANSWER_SHARE
    if sum(4 * len(line.text) + TOKENS_PER_MESSAGE for line in lines) <= room:  # at most 4 bytes a character
        return list(lines)
    kept: list[L] = []
    for line in reversed(lines):
        room -= CAUTION * count_tokens(line.text) + TOKENS_PER_MESSAGE
        if kept and room < 0:
            break
        kept.append(line)
    return kept[::-1]
