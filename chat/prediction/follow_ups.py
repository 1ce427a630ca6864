"""Questions that may follow an answer: asked of the cheapest model, and read strictly. Pure.

A small model often answers with something else. Better none than a bad one: a line has to be a question,
short, new, and about the same matter; where most lines are none, all of them are left.
"""

import re
from collections.abc import Sequence

MOST = 3
SHORTEST, LONGEST = 12, 90  # characters
EXCERPT = 1_200  # characters of the answer that its questions need
INSTRUCTION = (
    "Below are a question and its answer. Write three short questions that the same person might ask next, "
    "one a line, without numbers, without anything else.\n\nQuestion: {question}\n\nAnswer: {answer}"
)
_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.):]|Q\d*[.:])\s*")
# A model that asks its user, or goes on answering, has misunderstood.
_WRONG = re.compile(
    r"^(do you|would you|are you|can i|may i|shall i|should i help|let me|here|sure|question|answer"
    r"|is there anything)",
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


def prompt(question: str, answer: str) -> str:
    return INSTRUCTION.format(question=question[:EXCERPT], answer=answer[:EXCERPT])


def read(said: str, question: str, answer: str) -> list[str]:
    """The questions in what the model said."""
    lines = [_MARK.sub("", line).strip(" \"'*_“”") for line in said.splitlines() if line.strip()]
    subject = _words(question) | _words(answer)
    found: list[str] = []
    for line in lines:
        alike = any(_overlap(line, other) > 0.6 for other in [question, *found])
        if _is_question(line) and not alike and _words(line) & subject:
            found.append(line)
    return found[:MOST] if len(found) * 2 > len(lines) else []


def _is_question(line: str) -> bool:
    if not SHORTEST <= len(line) <= LONGEST or not line.endswith(("?", "？")) or _WRONG.match(line):
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
