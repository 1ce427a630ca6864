"""Conversations for the tests of what is sent of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chat.context.compression import Fitted, Made
from chat.context.whole import cost
from chat.gateway.counting import count_tokens


@dataclass(frozen=True)
class Said:
    role: str
    text: str
    tokens: int
    at: datetime | None
    pinned: bool = False


def said(role: str, text: str, minute: int = 0, pinned: bool = False) -> Said:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(minutes=minute)
    # As a turn has it: estimated with caution, so that no estimate of a part is larger than of the whole.
    return Said(role, text, round(1.15 * count_tokens(text)) + 1, at, pinned)


def a_conversation(length: int, **special: str) -> list[Said]:
    """`length` messages of some 60 tokens, then a question; `at4="…"` replaces message 4."""
    lines = []
    for number in range(length):
        text = special.get(
            f"at{number}",
            f"Part {number} of the story tells of a ship in harbour {number % 13}. "
            f"Its crew mends the sails of that day, and nobody hurries with it. "
            f"The wind of day {number} comes from the west, as it did before.",
        )
        lines.append(said("assistant" if number % 2 else "user", text, number))
    return [*lines, said("user", special.get("question", "What happens next in the story?"), length)]


def texts(lines: list[Said], fitted: Fitted) -> list[str]:
    """What is sent, message by message."""
    return [piece.text if isinstance(piece, Made) else lines[piece].text for piece in fitted.pieces]


def tokens(lines: list[Said], fitted: Fitted) -> int:
    return sum(
        count_tokens(piece.text) + 4 if isinstance(piece, Made) else cost(lines[piece])
        for piece in fitted.pieces
    )
