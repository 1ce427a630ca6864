"""What compression is compared with. Each gets the same tokens and always sends the last request."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chat.context import digest, scoring, stacked
from chat.context.choosing import HEADER, Known
from chat.context.compression import OPENING
from chat.context.rendering import Ranges, merged, rendered
from chat.context.whole import cost
from training.context.dialogues import Said

Method = Callable[[Sequence[Said], int, Known], str]


def newest(lines: Sequence[Said], budget: int, known: Known) -> str:
    return _whole(lines, budget, reversed(range(len(lines) - 1)), stop=True)


def head_and_tail(lines: Sequence[Said], budget: int, known: Known) -> str:
    """Half of the room for the beginning, half for the end."""
    room = budget - cost(lines[-1])
    kept: set[int] = set()
    for order, share in ((range(len(lines) - 1), room / 2), (reversed(range(len(lines) - 1)), room / 2)):
        for place in order:
            share -= cost(lines[place])
            if share < 0:
                break
            kept.add(place)
    return _said(lines, kept)


def bm25_messages(lines: Sequence[Said], budget: int, known: Known) -> str:
    units, scores = _by_words(lines, known)
    best = np.bincount(units.message, weights=scores, minlength=len(lines) - 1)
    return _whole(lines, budget, np.argsort(-best, kind="stable").tolist())


def bm25_sentences(lines: Sequence[Said], budget: int, known: Known) -> str:
    units, scores = _by_words(lines, known)
    return _sentences(lines, budget, units, scores)


def embedded_messages(lines: Sequence[Said], budget: int, known: Known) -> str:
    units, scores = _by_meaning(lines, known)
    best = np.full(len(lines) - 1, -1.0)
    np.maximum.at(best, units.message, scores)
    return _whole(lines, budget, np.argsort(-best, kind="stable").tolist())


def embedded_passages(lines: Sequence[Said], budget: int, known: Known) -> str:
    units, scores = _by_meaning(lines, known)
    return _sentences(lines, budget, units, scores)


METHODS: dict[str, Method] = {
    "newest messages": newest,
    "head and tail": head_and_tail,
    "BM25, messages": bm25_messages,
    "BM25, sentences": bm25_sentences,
    "embeddings, messages": embedded_messages,
    "embeddings, passages": embedded_passages,
}


def _digests(lines: Sequence[Said], known: Known) -> list[digest.Digest]:
    return [known.digests[place] for place in range(len(lines) - 1)]


def _by_words(lines: Sequence[Said], known: Known) -> tuple[stacked.Stack, Any]:
    units = stacked.stack(_digests(lines, known))
    asked = scoring.query_of(lines[-1].text, weights=scoring.Weights())
    return units, scoring.bm25(units, asked.words)


def _by_meaning(lines: Sequence[Said], known: Known) -> tuple[stacked.Stack, Any]:
    digests = _digests(lines, known)
    assert known.query is not None
    vectors = [known.vectors[place] for place in range(len(lines) - 1)]
    return stacked.stack(digests), scoring.cosines(
        known.query, stacked.embedded(digests, vectors, len(known.query))
    )


def _whole(lines: Sequence[Said], budget: int, order: Iterable[int], stop: bool = False) -> str:
    """Whole messages in this order of preference, while they fit; `stop` at the first that does not."""
    room = budget - cost(lines[-1])
    kept = set()
    for place in order:
        if cost(lines[place]) <= room:
            room -= cost(lines[place])
            kept.add(place)
        elif stop:
            break
    return _said(lines, kept)


def _said(lines: Sequence[Said], kept: set[int]) -> str:
    return "\n".join(lines[place].text for place in sorted(kept))


def _sentences(lines: Sequence[Said], budget: int, units: scoring.Stack, scores: Any) -> str:
    """Units, best first, at what they cost our own selection too."""
    room = budget - cost(lines[-1]) - OPENING
    begun: set[int] = set()
    spans: dict[int, list[tuple[int, int]]] = {}
    for unit in np.argsort(-scores, kind="stable").tolist():
        line = int(units.message[unit])
        start, stop = int(units.starts[unit]), int(units.stops[unit])
        said = lines[line]
        price = int((stop - start) * said.tokens / max(len(said.text), 1)) + 2
        price += 0 if line in begun else HEADER
        if price > room:
            continue
        room -= price
        begun.add(line)
        spans.setdefault(line, []).append((start, stop))
    chosen: dict[int, Ranges] = {line: merged(sorted(found)) for line, found in spans.items()}
    return rendered(lines, chosen)
