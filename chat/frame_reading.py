"""Reading one field of a frame: what it may hold, and what is said where it does not.

Every reader takes what JSON held and returns the value, or raises `BadFrame`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

MAX_TEXT = 100_000  # characters of one message
MAX_FRAME = 512 * 1024  # characters of one frame
MAX_NAME = 120
MAX_INSTRUCTIONS = 8_000  # characters
MAX_HISTORY = 400  # messages of a temporary chat that come with a question
MAX_PREDICTED = 8_000  # characters of a text that is being written
MAX_OUTCOMES = 1_000  # suggestions of a kind, told in one frame
KINDS = frozenset({"history", "conversation", "library", "general", "code", "typo"})
PREFERENCE = 0.5  # for "auto": from 0, cheaper, to 1, better


class BadFrame(Exception):
    """The frame cannot be used. `code` is bad_frame or too_long; what could be read of it is echoed."""

    def __init__(self, message: str, code: str = "bad_frame", echo: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.echo = echo or {}


def string(most: int, *, least: int = 1) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise BadFrame("must be text")
        if len(value) > most:
            raise BadFrame(f"is longer than {most:,} characters", "too_long")
        if "\0" in value:
            raise BadFrame("contains a NUL character")
        if len(value.strip()) < least:
            raise BadFrame("is empty")
        return value

    return read


def uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise BadFrame("must be an id") from None


def optional_uuid(value: Any) -> UUID | None:
    return None if value is None else uuid(value)


def count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise BadFrame("must be a whole number, 0 or more")
    return value


def flag(value: Any) -> bool:
    if type(value) is not bool:
        raise BadFrame("must be true or false")
    return value


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a temporary chat, as its page remembers it."""

    role: str
    text: str


def history(value: Any) -> tuple[Said, ...]:
    if not isinstance(value, list) or len(value) > MAX_HISTORY:
        raise BadFrame(f"must be a list of at most {MAX_HISTORY} messages")
    for said in value:
        if not isinstance(said, dict) or said.get("role") not in ("user", "assistant"):
            raise BadFrame("must hold messages of user and assistant")
    return tuple(Said(said["role"], string(MAX_FRAME, least=0)(said.get("text"))) for said in value)


def preference(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:  # NaN is not between them either
        raise BadFrame("must be a number from 0 to 1")
    return float(value)


def outcomes(value: Any) -> dict[str, dict[str, float]]:
    if not isinstance(value, dict) or not value.keys() <= KINDS:
        raise BadFrame("must name kinds of suggestions")
    return {kind: outcome(numbers) for kind, numbers in value.items()}


def outcome(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise BadFrame("must hold numbers")
    numbers: dict[str, Any] = {name: value.get(name) for name in ("shown", "right", "taken", "expected")}
    if any(type(one) is not int and name != "expected" for name, one in numbers.items()):
        raise BadFrame("must hold numbers")
    if type(numbers["expected"]) not in (int, float):
        raise BadFrame("must hold numbers")
    if not 0 <= numbers["shown"] <= MAX_OUTCOMES:
        raise BadFrame("must hold numbers that are not too large")
    if not all(0 <= one <= numbers["shown"] for one in numbers.values()):  # NaN is not between them either
        raise BadFrame("must hold numbers that go together")
    return numbers


def echo(value: Any) -> str | int | None:
    """The client's own `id`, echoed on the direct answer."""
    if value is None or (type(value) is int and abs(value) < 2**53):
        return value
    return string(64)(value)
