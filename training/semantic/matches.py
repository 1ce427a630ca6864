"""What a cache would find for each query: every candidate, its signs, and whether it is right."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chat.gateway.wording import likeness, objection

CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Query:
    """`right` is the kept text that means the same, empty where none does; `gone` is taken out of the cache
    before. `group` is what is held out together."""

    kind: str
    group: str
    text: str
    right: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    query: Query
    cosine: float
    signs: list[float]
    allowed: bool  # no guard objects
    right: bool


def matches(
    queries: Sequence[Query], kept: Sequence[str], vectors: dict[str, NDArray[Any]]
) -> list[list[Match]]:
    """For each query its nearest kept texts, the nearest first."""
    shelf = np.stack([vectors[text] for text in kept])
    found = []
    for query in queries:
        cosines = shelf @ vectors[query.text]
        nearest = [at for at in np.argsort(-cosines)[: CANDIDATES + 1] if kept[at] != query.gone]
        found.append([_match(query, kept[at], float(cosines[at])) for at in nearest[:CANDIDATES]])
    return found


def _match(query: Query, text: str, cosine: float) -> Match:
    signs = likeness(query.text, text, cosine)
    return Match(query, cosine, signs, not objection(query.text, text), text == query.right)


@dataclass(slots=True)
class Tally:
    """What came of the queries of each kind at one threshold."""

    hits: dict[str, int]
    wrong: dict[str, int]
    asked: dict[str, int]

    def share(self, kinds: Iterable[str] = ()) -> float:
        """Of the hits, how many were wrong."""
        chosen = list(kinds) or list(self.asked)
        hits = sum(self.hits[kind] for kind in chosen)
        return sum(self.wrong[kind] for kind in chosen) / hits if hits else 0.0

    @property
    def recall(self) -> float:
        """Of the queries that had a right answer, how many got it."""
        with_answer = [kind for kind in self.asked if kind in POSITIVE]
        right = sum(self.hits[kind] - self.wrong[kind] for kind in with_answer)
        return right / sum(self.asked[kind] for kind in with_answer)


POSITIVE = ("paraphrase", "question")


def tally(chosen: Iterable[tuple[Query, float, bool]], threshold: float) -> Tally:
    """`chosen`: each query with the score and the rightness of its best candidate."""
    counted = Tally(defaultdict(int), defaultdict(int), defaultdict(int))
    for query, score, right in chosen:
        counted.asked[query.kind] += 1
        counted.hits[query.kind] += score >= threshold
        counted.wrong[query.kind] += score >= threshold and not right
    return counted
