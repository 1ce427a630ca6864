"""`python -m training.router DATA [--write]`: measures on what is held out, then trains on everything."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chat.gateway.difficulty import SHAPE, WEIGHTS, Model
from chat.gateway.tiers import tier_for
from training.router.data import Example, read
from training.router.measure import auc, curve, reliability
from training.router.regression import Matrix, chances, fit, matrix

FOLDS = 5
SHRINK = 5e-4
SHARES = {
    "measured": 0.6,
    "demanding": 0.2,
    "everyday": 0.2,
}  # of the training's weight, however many there are
SOURCES = [
    "RouteLLM, routellm/evals/mmlu/responses (Apache-2.0); its questions: MMLU (MIT)",
    "arena-hard-auto v0.1 (Apache-2.0)",
    "training/router/everyday.py (this project's)",
]
PREFERENCES = (0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9)
Hold = Callable[[Example], str]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m training.router")
    arguments.add_argument("data", type=Path, help="the folder with the two .jsonl files")
    arguments.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    asked = arguments.parse_args()
    examples = read(asked.data)
    rows = matrix([example.text for example in examples])
    for title, hold in (("questions", lambda one: one.text), ("subjects", lambda one: one.group)):
        report(title, examples, held_out(examples, rows, hold))
    if asked.write:
        write(train(examples, rows))


def train(examples: Sequence[Example], rows: Matrix) -> Model:
    counts = {kind: sum(example.kind == kind for example in examples) for kind in SHARES}
    weights = np.array([SHARES[example.kind] / counts[example.kind] for example in examples])
    enough = np.array([example.weak for example in examples], dtype=float)
    return fit(rows, enough, weights / weights.sum(), SHRINK)


def held_out(examples: Sequence[Example], rows: Matrix, hold: Hold) -> NDArray[Any]:
    """Each example's chance, by a model that saw nothing of what is held with it. Clusters and families
    are always held as a whole."""
    folds = np.array(
        [crc32((hold(one) if one.kind == "measured" else one.group).encode()) % FOLDS for one in examples]
    )
    chance = np.zeros(len(examples))
    for fold in range(FOLDS):
        inside = np.flatnonzero(folds != fold)
        model = train([examples[int(index)] for index in inside], rows[inside])
        chance[folds == fold] = chances(model, rows[folds == fold])
    return chance


def report(title: str, examples: Sequence[Example], chance: NDArray[Any]) -> None:
    kinds = np.array([example.kind for example in examples])
    measured = [example for example in examples if example.kind == "measured"]
    said = chance[kinds == "measured"]
    weak = np.array([example.weak for example in measured])
    needed = np.array([example.strong and not example.weak for example in measured])
    print(
        f"\n== unseen {title}: AUC {auc(said, weak):.3f} that the weak model is right, "
        f"{auc(-said, needed):.3f} that the strong one is needed"
    )
    print("| said | seen | questions |")
    for row in reliability(said, weak):
        print("| {:.2f} | {:.2f} | {} |".format(*row))
    print("| to the weak model | accuracy | by a coin | cost |")
    for point in curve(measured, said):
        print("| {:.0%} | {:.1%} | {:.1%} | {:.1%} |".format(*point))
    print("| preference | to the weak model | accuracy | everyday: simple | demanding: simple / complex |")
    for preference in PREFERENCES:
        tiers = np.array([tier_for(one, preference) for one in chance])
        routed = [
            one.weak if tier == "simple" else one.strong
            for one, tier in zip(examples, tiers, strict=True)
            if one.kind == "measured"
        ]
        accuracy = sum(routed) / sum(one.strong for one in measured)
        simple, complex_ = tiers == "simple", tiers == "complex"
        print(
            f"| {preference} | {simple[kinds == 'measured'].mean():.0%} | {accuracy:.1%} "
            f"| {simple[kinds == 'everyday'].mean():.0%} "
            f"| {simple[kinds == 'demanding'].mean():.0%} / {complex_[kinds == 'demanding'].mean():.0%} |"
        )
    apart = np.isin(kinds, ["demanding", "everyday"])
    told = auc(chance[apart], kinds[apart] == "everyday")
    print(f"everyday from demanding, of unseen families and clusters: AUC {told:.3f}")


def write(model: Model) -> None:
    scale = 0.02
    table = {
        "sources": SOURCES,
        "bias": round(model.bias, 4),
        "shape": {name: round(weight, 4) for name, weight in zip(SHAPE, model.shape, strict=True)},
        "scale": scale,
        "words": [round(weight / scale) for weight in model.words],
    }
    WEIGHTS.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"\n{WEIGHTS}: {WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
