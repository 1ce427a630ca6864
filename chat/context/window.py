"""Which messages of a conversation fit into a model's window. Pure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

CHARS_PER_TOKEN = 3.5  # cautious for English and code; a counted figure replaces it
ANSWER_SHARE = 4  # a quarter of the window is kept for the answer


class Line(Protocol):
    @property
    def text(self) -> str: ...


L = TypeVar("L", bound=Line)


def fit(lines: Sequence[L], window: int) -> list[L]:
    """The newest lines that leave room for an answer in `window` tokens; the last one always stays."""
    room = (window - window // ANSWER_SHARE) * CHARS_PER_TOKEN
    kept: list[L] = []
    for line in reversed(lines):
        room -= len(line.text) + 16  # a turn's own markers cost a few tokens
        if kept and room < 0:
            break
        kept.append(line)
    return kept[::-1]
