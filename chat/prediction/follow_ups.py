"""Questions that may follow an answer: asked of the cheapest model, and read strictly. Pure.

A small model often answers with something else. Better none than a bad one: a line has to be a question,
short, new, and about the same matter; where most lines are none, all of them are left. It is asked as the
person would ask, in the conversation itself: told about a question and an answer, a model of 135M parameters
goes on answering (docs/prediction.md).
"""

import re
from collections.abc import Iterator, Sequence

from chat.gateway.request import ChatMessage

MOST = 3
SHORTEST, LONGEST = 12, 90  # characters
EXCERPT = 1_200  # characters of the answer that its questions need
INSTRUCTION = (
    "Which three short questions could I ask you next about this? One a line, without anything else."
)
_MARK = re.compile(r"^\s*(?:[-*•]|\*{0,2}\d+[.):]|Q\d*[.:])\s*")
_QUOTES = " \"'*_“”"
# A model that asks its user, or goes on answering, has misunderstood.
_WRONG = re.compile(
    r"^(do you|would you|are you|have you|can i|may i|shall i|should i help|let me|here|sure|question|answer"
    r"|is there anything|(?:can|could) you (?:tell|explain|give|provide|share)|you )",
    re.IGNORECASE,
)
_OF_A_PERSON = re.compile(
    r"\b(?:your|yours|you(?:['’]ve| have| know about)|inspired you|(?:do|did|would|are|were) you"
    r" (?:think|feel|like|enjoy|want|prefer|remember|looking|going|interested|planning|trying))\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(
    {
        *("what", "when", "where", "which", "does", "that", "this", "there", "have", "with", "from", "your"),
        *(
            "about",
            "would",
            "could",
            "should",
            "will",
            "some",
            "they",
            "them",
            "their",
            "more",
            "than",
            "into",
        ),
    }
)


def prompt(question: str, answer: str) -> tuple[ChatMessage, ...]:
    return (
        ChatMessage("user", question[:EXCERPT]),
        ChatMessage("assistant", answer[:EXCERPT]),
        ChatMessage("user", INSTRUCTION),
    )


def read(said: str, question: str, answer: str) -> list[str]:
    """The questions in what the model said."""
    lines = list(_lines(said))
    subject = _words(question) | _words(answer)
    found: list[str] = []
    for line in lines:
        alike = any(_overlap(line, other) > 0.6 for other in [question, *found])
        if _is_question(line) and not alike and _words(line) & subject:
            found.append(line)
    return found[:MOST] if len(found) * 2 > len(lines) else []


def _lines(said: str) -> Iterator[str]:
    """Where there is a list, its items, without what leads it and what is said of it afterwards."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    items = [line for line in lines if _MARK.match(line)]
    for line in items if len(items) > 1 else lines:
        line = _MARK.sub("", line).strip(_QUOTES)
        asked, mark, rest = line.partition("?")
        yield asked + mark if mark and not rest.strip(_QUOTES + ":") else line


def _is_question(line: str) -> bool:
    if not SHORTEST <= len(line) <= LONGEST or not line.endswith(("?", "？")):
        return False
    if _WRONG.match(line) or _OF_A_PERSON.search(line):
        return False
    return line.count("?") <= 1 and not any(sign in line for sign in "`{}<>|")


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _COMMON


def _overlap(one: str, other: str) -> float:
    first, second = _words(one), _words(other)
    return len(first & second) / max(len(first | second), 1)


def chosen(questions: Sequence[str], asked: str) -> int | None:
    """Which of them was asked, as it stands."""
    return next((place for place, one in enumerate(questions) if one.strip() == asked.strip()), None)
