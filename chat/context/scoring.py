"""Which units of a conversation a question needs: a score for each. Pure; NumPy, no loop over units.

Words (BM25: Robertson and Zaragoza, 2009), also those that the best finds bring along (pseudo-relevance
feedback: Lavrenko and Croft, 2001), what stands beside them, meaning (cosine of passages), and what can be
seen without the question: decisions, numbers, names, how late it was said. The weights are fitted
(training/context).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.context.stacked import Passages, Stack
from chat.context.terms import terms
from chat.context.units import Mark, marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("weights.json")
SATURATION, LENGTHS = 1.2, 0.5  # BM25's k1 and b
MOST_TERMS = 48  # of a question
FINDS = 6  # units that bring their words along
ENOUGH = 0.8  # of the weight of the question's words: who has that much is a find
FEW = 2  # terms
RARE = 0.02  # of the units: who has a word that so few have is worth following


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign adds; of the first three the sum is what the question has to do with it."""

    words: float = 1.0
    meaning: float = 0.8
    ranked: float = 0.4  # for being among the nearest in meaning, however near that is
    followed: float = 0.35
    beside: float = 0.4  # of what the neighbours in the same message have
    answers: float = 0.5  # of what the question before it has, for an answer to it
    message: float = 0.2  # of what the whole message has
    late: float = 0.12
    decision: float = 0.06
    number: float = 0.04
    asked_number: float = 0.1
    name: float = 0.03
    outline: float = 0.04
    question: float = -0.04
    code: float = -0.05
    empty: float = -0.2  # of almost no words, and no number: "Noted."
    earlier: float = 0.3  # words of the exchange before, for a question that leans on it


@cache
def fitted_weights() -> Weights:
    written = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return Weights(**{field.name: float(written[field.name]) for field in fields(Weights)})


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: its words (with the weight of each), its meaning where that is known, and whether it
    asks for a number."""

    words: tuple[tuple[int, float], ...]
    vector: NDArray[Any] | None = None
    wants_number: bool = False
    wants_all: bool = False  # of something there are several of: many short finds instead of a few sure ones


# What changes for a question that wants all of something: it has few words that tell one find from another,
# and neither the newest nor the most decided one is more wanted than the others.
_BROAD: dict[str, float] = {
    "words": 0.5,
    "meaning": 3.0,
    "ranked": 1.0,
    "followed": 0.2,
    "beside": 0.0,
    "answers": 0.7,
    "message": 0.0,
    "late": 0.0,
    "decision": 0.0,
    "number": 0.05,
}
_ALL = re.compile(
    r"\b(?:all|every(?:body|one|thing|where)?|each|both|list|lists|overview|summar\w+|everybody's|so far"
    r"|who\b.*\b(?:which|where|what|whom)|which\b.*\bwhich|which \w+s (?:do|did|have|has|are|were))\b",
    re.IGNORECASE,
)


_NUMBER_WORDS: tuple[str, ...] = (
    *("how many", "how much", "how long", "how old", "how far", "how often", "when ", "what time"),
    *("number", "date", "price", "cost", "version", "which day"),
)


def query_of(
    text: str, before: str = "", weights: Weights | None = None, vector: NDArray[Any] | None = None
) -> Query:
    """`before`: the exchange before it, which a short question leans on."""
    weights = weights or fitted_weights()
    found: dict[int, float] = {}
    for term in terms(text)[:MOST_TERMS]:
        found[term] = 1.0
    leans = Mark.LEANS in marks(text) or len(found) < 4
    if leans:
        for term in terms(before)[-MOST_TERMS:]:
            found.setdefault(term, weights.earlier)
    asked = text.lower()
    return Query(
        tuple(found.items()), vector, any(word in asked for word in _NUMBER_WORDS), bool(_ALL.search(text))
    )


def score(units: Stack, query: Query, passages: Passages | None, weights: Weights) -> Any:
    """One number a unit, the higher the more it is needed. `passages`: of the same digests, None where the
    question has no vector."""
    import numpy

    count = len(units)
    total = numpy.zeros(count)
    if not count:
        return total
    if query.wants_all and query.vector is not None:
        weights = replace(weights, **_BROAD)
    words = bm25(units, query.words)
    found = weights.words * _in_the_question(words, units, query)
    if query.vector is not None and passages is not None:
        near = cosines(query.vector, passages)
        found = found + weights.meaning * _meaning(near) + weights.ranked * _ranked(near)
    found = found + weights.followed * _to_one(bm25(units, _brought(units, found, query)))
    total += found
    total += weights.beside * _beside(units, found)
    total += weights.answers * _answers(units, found)
    total += weights.message * _whole(units, words)
    total += weights.late * (units.message / max(int(units.message[-1]), 1))
    seen = units.marks
    for mark, weight in (
        (Mark.DECISION, weights.decision),
        (Mark.NUMBER, weights.number + (weights.asked_number if query.wants_number else 0.0)),
        (Mark.NAME, weights.name),
        (Mark.OUTLINE, weights.outline),
        (Mark.QUESTION, weights.question),
        (Mark.CODE, weights.code),
    ):
        total += weight * ((seen & int(mark)) != 0)
    return total + weights.empty * ((units.lengths < FEW) & ((seen & int(Mark.NUMBER)) == 0))


def bm25(units: Stack, words: Sequence[tuple[int, float]]) -> Any:
    import numpy

    count = len(units)
    total = numpy.zeros(count)
    if not len(units.terms) or not words:
        return total
    mean = max(float(units.lengths.mean()), 1.0)
    norm = SATURATION * (1 - LENGTHS + LENGTHS * units.lengths / mean)
    for term, weight in words:
        having, times = numpy.unique(units.having(term), return_counts=True)
        have = len(having)
        if have:
            idf = numpy.log1p((count - have + 0.5) / (have + 0.5))
            total[having] += weight * idf * times * (SATURATION + 1) / (times + norm[having])
    return total


def _in_the_question(words: Any, units: Stack, query: Query) -> Any:
    """From 0 to 1: 1 for the best find, unless even that has little of what was asked for."""
    import numpy

    whole = 0.0
    for term, weight in query.words:
        have = len(numpy.unique(units.having(term)))
        whole += weight * math.log1p((len(units) - have + 0.5) / (have + 0.5)) if have else 0.0
    most = max(float(words.max()), ENOUGH * whole * (SATURATION + 1) / 2)
    return words / most if most > 0 else words


def _to_one(values: Any) -> Any:
    most = float(values.max()) if len(values) else 0.0
    return values / most if most > 0 else values


def _meaning(near: Any) -> Any:
    """How far each unit's passage is above the others in meaning, 0 to 1; 0 where it was not embedded."""
    import numpy

    known = near > _UNKNOWN
    if not known.any():
        return numpy.zeros(len(near))
    usual, best = float(near[known].mean()), float(near[known].max())
    lifted = numpy.clip((near - usual) / max(best - usual, 1e-6), 0.0, 1.0) * min(
        1.0, max(best, 0.0) / STRONG
    )
    return numpy.where(known, lifted, 0.0)


def _ranked(near: Any) -> Any:
    """1 for the nearest, half of it for the one at place RANKS."""
    import numpy

    ranks = numpy.empty(len(near))
    ranks[numpy.argsort(-near, kind="stable")] = numpy.arange(len(near))
    return numpy.where(near > _UNKNOWN, 1 / (1 + ranks / RANKS), 0.0)


_UNKNOWN = -2.0  # less than any cosine
RANKS = 30
BORROWED = 0.03  # less, for being near with the end of what it answers
STRONG = 0.5  # a cosine from which on the best passage counts in full


def cosines(vector: Any, found: Passages) -> Any:
    """Of each unit's passage with `vector`; _UNKNOWN where it was not embedded."""
    import numpy

    if not len(found.units):
        return numpy.zeros(0)
    near = _near(vector, found.numbers, found.norms)
    if len(found.alone):  # the better of the two
        bare = _near(vector, found.bare, found.bare_norms)
        near[found.alone] = numpy.maximum(near[found.alone] - BORROWED, bare)
    return numpy.repeat(near, found.units)


def _near(vector: Any, numbers: Any, norms: Any) -> Any:
    import numpy

    products = numbers.astype(numpy.float32) @ vector
    return numpy.where(norms > 0, products / numpy.maximum(norms, 1e-9), _UNKNOWN)


def _brought(units: Stack, found: Any, query: Query) -> list[tuple[int, float]]:
    """Rare words of the best finds: they lead to what was said of the same thing in other words."""
    import numpy

    count = len(units)
    best = numpy.argsort(-found)[:FINDS]
    best = best[found[best] > 0.25 * max(float(found.max()), 1e-9)]
    own = {term for term, _ in query.words}
    candidates = set(units.terms[numpy.isin(units.of_term, best)].tolist()) - own
    if not candidates:
        return []
    wanted = numpy.array(sorted(candidates), numpy.int64)
    most = max(3.0, RARE * count)
    amounts = units.amounts(wanted)
    kept = [(term, 1.0) for term in wanted[(amounts > 1) & (amounts <= most)].tolist()]
    return kept[:MOST_TERMS]


def _beside(units: Stack, found: Any) -> Any:
    """The better of a unit's neighbours within its message."""
    import numpy

    before = numpy.concatenate([[0.0], found[:-1]])
    before[units.place == 0] = 0.0
    after = numpy.concatenate([found[1:], [0.0]])
    after[:-1][units.place[1:] == 0] = 0.0
    return numpy.maximum(before, after)


def _answers(units: Stack, found: Any) -> Any:
    """For the first units of a message: what the question at the end of the message before it has."""
    import numpy

    count = len(units)
    first = numpy.flatnonzero(units.place == 0)
    lifted = numpy.zeros(count)
    asked = first[1:][(units.marks[first[1:] - 1] & int(Mark.QUESTION)) != 0]
    for depth in range(2):
        here = asked + depth
        here = here[(here < count)]
        here = here[units.place[here] == depth]
        lifted[here] = found[here - depth - 1] / (depth + 1)
    return lifted


def _whole(units: Stack, words: Any) -> Any:
    """How much of the question a unit's whole message has, 0 to 1."""
    import numpy

    sums = numpy.bincount(units.message, weights=words)
    sizes = numpy.maximum(numpy.bincount(units.message), 1)
    return _to_one(sums / numpy.sqrt(sizes))[units.message]
