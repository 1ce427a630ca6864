"""How hard a prompt is: the chance that a small model answers it as well as a large one would.

A logistic regression over what can be seen of a prompt in a fraction of a millisecond: its shape (length,
lines, figures, code) and its words, hashed into a fixed number of buckets ("feature hashing", Weinberger et
al. 2009). The weights are trained by `training/router`, which uses the very functions here; what they were
trained on, how good they are and how to repeat it is told in docs/routing.md. Pure but for reading the file.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from chat.gateway.request import ChatMessage

WEIGHTS = Path(__file__).with_name("difficulty.json")
BUCKETS = 4096
SHAPE = (
    "length",
    "words",
    "lines",
    "longest line",
    "word length",
    "long words",
    "repeats itself",
    "figures",
    "capitals",
    "code signs",
    "mathematics",
    "clauses",
    "questions",
    "beyond ASCII",
)

_HEAD, _TAIL = 900, 300  # characters that are looked at: the rest says little and costs time
_TOKENS = 400  # likewise
_FOLLOW_UP = 25  # characters; below this a message ("and why?") is read with the one before it
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_CODE_SIGN = re.compile(r"[{}\[\]<>=;\\/_|`#$@&]")
_MATHEMATICS = re.compile(r"[+*=^<>∑∫√∞≤≥π±×÷∈∀∃→]")
_FIGURE = re.compile(r"\d")
_CAPITAL = re.compile(r"[A-Z]")


@dataclass(frozen=True, slots=True)
class Difficulty:
    """`weak_is_enough`: the chance, 0 to 1."""

    weak_is_enough: float
    characters: int  # of the user's message


@dataclass(frozen=True, slots=True)
class Model:
    bias: float
    shape: Sequence[float]  # one weight a SHAPE
    words: Sequence[float]  # one weight a bucket

    def chance(self, text: str) -> float:
        score = self.bias
        for weight, value in zip(self.shape, shape(text), strict=True):
            score += weight * value
        hit = buckets(text)
        if hit:
            weights = self.words
            score += sum([weights[bucket] for bucket in hit]) / math.sqrt(len(hit))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def estimate(messages: Iterable[ChatMessage]) -> Difficulty:
    """Of a conversation: of its last question, with the one before it where it is a mere follow-up."""
    asked = [message.text for message in messages if message.role == "user"]
    text = asked[-1] if asked else ""
    if len(text) < _FOLLOW_UP and len(asked) > 1:
        text = f"{asked[-2]}\n{text}"
    return Difficulty(trained().chance(text), len(text))


@cache
def trained() -> Model:
    """The weights this product ships."""
    table = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    scale = table["scale"]
    words = [weight * scale for weight in table["words"]]
    return Model(table["bias"], tuple(table["shape"][name] for name in SHAPE), words)


def shape(text: str) -> list[float]:
    """One number a SHAPE, each of the order of 1."""
    seen = _seen(text)
    words = seen.split()
    count = len(words) or 1
    size = len(seen) or 1
    return [
        math.log1p(len(text)),
        math.log1p(len(words)),
        math.log1p(text.count("\n") + 1),
        math.log1p(max(map(len, seen.split("\n")))),
        sum(map(len, words)) / count / 5,
        sum([len(word) > 8 for word in words]) / count,
        1 - len(set(words)) / count,
        len(_FIGURE.findall(seen)) / size * 10,
        len(_CAPITAL.findall(seen)) / size * 10,
        len(_CODE_SIGN.findall(seen)) / size * 10,
        len(_MATHEMATICS.findall(seen)) / size * 10,
        math.log1p(seen.count(",") + seen.count(";") + seen.count(":")),
        math.log1p(seen.count("?")),
        1 - len(seen.encode("ascii", "ignore")) / size,
    ]


def buckets(text: str) -> set[int]:
    """The buckets that the text's words and pairs of words fall into; every figure is the same word."""
    found = _TOKEN.findall(_seen(text).lower())[:_TOKENS]
    tokens = ["0" if token.isdigit() else token for token in found]
    pairs = [f"{first} {second}" for first, second in pairwise(tokens)]
    return {crc32(term.encode()) % BUCKETS for term in tokens + pairs}


def _seen(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + text[-_TAIL:]
