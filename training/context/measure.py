"""The share of evidence that is kept, by method and ratio."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from chat.context import digest
from chat.context.choosing import Known
from chat.context.compression import Made, fit
from chat.context.scoring import Weights
from chat.context.whole import cost
from chat.gateway.counting import count_tokens
from chat.gateway.embedding import Embedder
from training.context.baselines import METHODS, Method
from training.context.dialogues import Dialogue, Question, Said

RATIOS = (2, 5, 10)
BATCH = 32  # texts that are embedded at once


@dataclass(frozen=True, slots=True)
class Case:
    """One question at the end of its dialogue, with what is known beforehand."""

    lines: tuple[Said, ...]
    question: Question
    known: Known
    whole: int  # tokens
    plain: Known  # with vectors of the bare texts, as a plain search has them

    def kept_of(self, sent: str) -> float:
        pieces = self.question.evidence
        return sum(all(sentence in sent for sentence in piece) for piece in pieces) / len(pieces)


def cases(dialogues: Iterable[Dialogue], embedder: Embedder | None) -> list[Case]:
    """With embeddings of everything, where there is an embedder."""
    found = []
    with asyncio.Runner() as runner:
        for one in dialogues:
            digests = {place: digest.make(line.text) for place, line in enumerate(one.lines)}
            vectors: dict[int, bytes] = {}
            plain: dict[int, bytes] = {}
            asked = [question.text for question in one.questions]
            queries: list[list[float]] = []
            if embedder is not None:
                vectors = runner.run(_embedded(embedder, one.lines, digests))
                plain = vectors | runner.run(_embedded(embedder, one.lines, digests, bare=True))
                queries = runner.run(_vectors(embedder, asked))
            last = one.lines[-1].at
            for number, question in enumerate(one.questions):
                request = Said("user", question.text, count_tokens(question.text), last)
                lines = (*one.lines, request)
                query = digest.unit_of(queries[number]) if queries else None
                known = Known(digests | {len(one.lines): digest.make(question.text)}, vectors, query)
                whole = sum(map(cost, lines))
                found.append(Case(lines, question, known, whole, replace(known, vectors=plain)))
    return found


async def _embedded(
    embedder: Embedder, lines: Sequence[Said], digests: Mapping[int, digest.Digest], bare: bool = False
) -> dict[int, bytes]:
    """As the product does it; `bare`: the brief ones alone, without what they answer."""
    texts, owners = [], []
    for place, line in enumerate(lines):
        before = lines[place - 1].text if place and not bare else ""
        if bare and len(line.text) >= digest.BRIEF:
            continue
        found = digest.texts_of(line.text, digests[place], before)
        texts += found
        owners += [place] * len(found)
    rows = await _vectors(embedder, texts)
    by_line: dict[int, list[list[float]]] = {}
    for place, row in zip(owners, rows, strict=True):
        by_line.setdefault(place, []).append(row)
    return {place: digest.pack_vectors(found) for place, found in by_line.items()}


async def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[list[float]]:
    rows: list[list[float]] = []
    for at in range(0, len(texts), BATCH):
        rows += (await embedder.embed(texts[at : at + BATCH])).vectors
    return rows


def ours(case: Case, ratio: float, weights: Weights | None = None) -> str:
    """What is sent besides the request itself."""
    fitted = fit(case.lines, int(case.whole / ratio), known=case.known, weights=weights)
    last = len(case.lines) - 1
    return "\n".join(
        piece.text if isinstance(piece, Made) else case.lines[piece].text
        for piece in fitted.pieces
        if piece != last
    )


def without_meaning(case: Case) -> Case:
    return replace(case, known=replace(case.known, vectors={}, query=None))


def share(
    cases: Sequence[Case], ratio: float, method: Method | None, weights: Weights | None = None
) -> list[float]:
    """The share of its evidence that each question keeps; `method` None is ours."""
    kept = []
    for case in cases:
        budget = int(case.whole / ratio)
        sent = ours(case, ratio, weights) if method is None else method(case.lines, budget, case.plain)
        kept.append(case.kept_of(sent))
    return kept


def table(cases: Sequence[Case], ratios: Sequence[float] = RATIOS, asks: str = "") -> dict[str, list[float]]:
    """Method → mean share at each ratio; `asks` for one sort of question only."""
    wanted = [case for case in cases if not asks or case.question.asks == asks]
    rows = {"G-Rump": [mean(share(wanted, ratio, None)) for ratio in ratios]}
    bare = [without_meaning(case) for case in wanted]
    rows["G-Rump, nothing embedded yet"] = [mean(share(bare, ratio, None)) for ratio in ratios]
    for name, method in METHODS.items():
        rows[name] = [mean(share(wanted, ratio, method)) for ratio in ratios]
    return rows
