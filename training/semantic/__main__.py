"""`python -m training.semantic DATA --embeddings URL [--write]`: measures what is held out, calibrates.

DATA is the folder with gptcache_mock_pairs.json (GPTCache, MIT) and arena_hard_v0.1_prompts.jsonl
(arena-hard-auto, Apache-2.0); URL serves all-MiniLM-L6-v2 at /v1/embeddings.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chat.gateway.embedding import DEFAULT, Embedder
from chat.gateway.loading import load
from chat.gateway.resemblance import CALIBRATION
from training.semantic.bounds import least_score
from training.semantic.matches import POSITIVE, Match, Query, Tally, matches, tally
from training.semantic.questions import near_misses, topics

FOLDS = 5
BOUNDS = (0.005, 0.01, 0.02, 0.05, 0.1)
LONGEST = 300  # characters, as the cache takes them
Scored = list[tuple[Query, float, bool]]
Weights = NDArray[np.float64]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m training.semantic", description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--embeddings", required=True, help="base URL, as http://127.0.0.1:8080/v1")
    arguments.add_argument("--write", action="store_true", help=f"write {CALIBRATION.name}")
    asked = arguments.parse_args()
    queries, kept = gather(asked.data)
    texts = sorted({query.text for query in queries} | set(kept))
    vectors = asyncio.run(embed(texts, asked.embeddings))
    found = matches(queries, kept, vectors)
    folds = [crc32(query.group.encode()) % FOLDS for query in queries]
    held_out(found, folds)
    if asked.write:
        write(found, folds)


def gather(folder: Path) -> tuple[list[Query], list[str]]:
    """Every query, and what is kept when they are asked."""
    pairs = json.loads((folder / "gptcache_mock_pairs.json").read_text())
    queries, kept = [], []
    for pair in pairs:
        origin, similar = pair["origin"], pair["similar"]
        if len(origin) > LONGEST or len(similar) > LONGEST or origin == similar:
            continue
        kept.append(origin)
        queries.append(Query("paraphrase", origin, similar, right=origin))
        queries.append(Query("no match", origin, similar, gone=origin))
        misses = near_misses(similar, crc32(similar.encode()))
        queries += [Query("near miss", origin, miss) for miss in misses if miss not in (origin, similar)]
    for first, *others in topics():
        kept.append(first)
        queries += [Query("question", first, other, right=first) for other in others]
        queries += [Query("no match", first, other, gone=first) for other in others]
    for line in (folder / "arena_hard_v0.1_prompts.jsonl").read_text().splitlines():
        prompt = json.loads(line)["prompt"]
        if len(prompt) <= LONGEST:
            queries.append(Query("foreign", prompt, prompt))
    return queries, sorted(set(kept))


async def embed(texts: Sequence[str], url: str) -> dict[str, NDArray[Any]]:
    catalogue = load("", {"LOCAL_EMBEDDINGS_BASE_URL": url})
    model = catalogue.models[DEFAULT]
    embedder = Embedder(catalogue.providers[model.provider], model)
    rows: list[list[float]] = []
    for start in range(0, len(texts), 32):
        rows += (await embedder.embed(texts[start : start + 32])).vectors
    await embedder.close()
    array = np.array(rows, np.float32)
    return dict(zip(texts, array / np.linalg.norm(array, axis=1, keepdims=True), strict=True))


def fit(found: Sequence[Sequence[Match]]) -> Weights:
    """Logistic regression by Newton's method over the candidates that no guard forbids; the bias is last."""
    rows = [(match.signs, match.right) for group in found for match in group if match.allowed]
    signs = np.array([[*row, 1.0] for row, _ in rows])
    right = np.array([float(is_right) for _, is_right in rows])
    weights = np.zeros(signs.shape[1])
    ridge = np.diag([1e-2] * (signs.shape[1] - 1) + [0.0])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-(signs @ weights)))
        slope = signs.T @ (chance - right) + ridge @ weights
        curve = (signs * (chance * (1 - chance))[:, None]).T @ signs + ridge
        weights -= np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), slope)
    return weights


def scored(found: Sequence[Sequence[Match]], weights: Weights) -> Scored:
    """What the cache would choose for each query: the best that no guard forbids."""
    chosen = []
    for group in found:
        able = [match for match in group if match.allowed]
        best = max(able, key=lambda match: float(np.dot([*match.signs, 1.0], weights)), default=None)
        score = 1 / (1 + np.exp(-np.dot([*best.signs, 1.0], weights))) if best else 0.0
        chosen.append((group[0].query, float(score), bool(best and best.right)))
    return chosen


def by_cosine(found: Sequence[Sequence[Match]]) -> Scored:
    """What a static threshold chooses from: the nearest."""
    return [(group[0].query, group[0].cosine, group[0].right) for group in found]


def held_out(found: Sequence[Sequence[Match]], folds: Sequence[int]) -> None:
    """Each fold judged by weights and thresholds that never saw it."""
    judged: dict[float, list[Tally]] = {bound: [] for bound in BOUNDS}
    for fold in range(FOLDS):
        others = set(range(FOLDS)) - {fold}
        weights, thresholds = calibrated(found, folds, others)
        judging = scored(_of(found, folds, {fold}), weights)
        for bound, least in thresholds.items():
            judged[bound].append(tally(judging, least))
    lines = [
        "| | wrong of all hits | of paraphrases' | false hits: no match | near miss | foreign | recall |"
    ]
    lines.append("|---" * 7 + "|")
    lines += [_row(f"calibrated to {bound:.1%}", _sum(judged[bound])) for bound in BOUNDS]
    cosines = by_cosine(found)
    lines += [_row(f"cosine {least}", tally(cosines, least)) for least in (0.99, 0.98, 0.97, 0.95, 0.9, 0.8)]
    sys.stdout.write("\n".join(lines) + "\n")


def calibrated(
    found: Sequence[Sequence[Match]], folds: Sequence[int], chosen: set[int]
) -> tuple[Weights, dict[float, float]]:
    """Weights from all of the chosen folds; thresholds from scores that each come of weights which never saw
    their query."""
    pooled: Scored = []
    for fold in chosen:
        pooled += scored(_of(found, folds, {fold}), fit(_of(found, folds, chosen - {fold})))
    outcomes = [(score, right) for _, score, right in pooled]
    return fit(_of(found, folds, chosen)), {bound: least_score(outcomes, bound) for bound in BOUNDS}


def write(found: Sequence[Sequence[Match]], folds: Sequence[int]) -> None:
    weights, thresholds = calibrated(found, folds, set(range(FOLDS)))
    trained = {
        "sources": [
            "GPTCache mock_data.json (MIT)",
            "arena-hard-auto v0.1 (Apache-2.0)",
            "this project's own",
        ],
        "model": "all-MiniLM-L6-v2",
        "weights": [round(float(weight), 5) for weight in weights[:-1]],
        "bias": round(float(weights[-1]), 5),
        "thresholds": {str(bound): round(least, 6) for bound, least in thresholds.items()},
    }
    CALIBRATION.write_text(json.dumps(trained, indent=1) + "\n")


def _of(found: Sequence[Sequence[Match]], folds: Sequence[int], chosen: set[int]) -> list[Sequence[Match]]:
    return [group for group, fold in zip(found, folds, strict=True) if fold in chosen]


def _sum(tallies: Sequence[Tally]) -> Tally:
    whole = tallies[0]
    for other in tallies[1:]:
        for kind in other.asked:
            whole.asked[kind] += other.asked[kind]
            whole.hits[kind] += other.hits[kind]
            whole.wrong[kind] += other.wrong[kind]
    return whole


def _row(name: str, counted: Tally) -> str:
    false = " | ".join(
        f"{counted.hits[kind] / counted.asked[kind]:.1%}" for kind in ("no match", "near miss", "foreign")
    )
    return (
        f"| {name} | {counted.share():.1%} | {counted.share(POSITIVE):.1%} | {false} | {counted.recall:.1%} |"
    )


if __name__ == "__main__":
    main()
