"""`python -m training.tokens DATA [--write]`: how far counts are from real tokenizers, on texts held out."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chat.gateway.counting import FEATURES, WEIGHTS, features
from training.tokens.data import Sample, read
from training.tokens.fitting import Array, fit
from training.tokens.references import references


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m training.tokens")
    arguments.add_argument("data", type=Path, help="the folder with the router's two .jsonl files")
    arguments.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    asked = arguments.parse_args()
    samples = list(read(asked.data))
    counts = {name: counted(samples, count) for name, count in references().items()}
    rows = np.array([features(sample.text) for sample in samples], dtype=float)
    middle = np.mean(list(counts.values()), axis=0)
    held_out = np.array([sample.held_out for sample in samples])
    fitted = rows @ fit(rows[~held_out], middle[~held_out])
    rough = counted(samples, lambda text: -(-len(text) // 4))
    estimates = {"these weights": fitted, "characters / 4": rough, "o200k": counts["o200k"]}
    report(samples, held_out, counts, estimates)
    if asked.write:
        weights = fit(rows, middle)
        named = {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)}
        WEIGHTS.write_text(json.dumps(named, indent=1) + "\n")


def counted(samples: Sequence[Sample], count: Callable[[str], int]) -> Array:
    return np.array([count(sample.text) for sample in samples], dtype=float)


def report(
    samples: Sequence[Sample], held_out: Any, counts: dict[str, Array], estimates: dict[str, Array]
) -> None:
    """The mean error of each estimate against each tokenizer, in percent, and its bias against them all."""
    kinds = list(dict.fromkeys(sample.kind for sample in samples))
    print("| kind | samples | " + " | ".join(f"{name}: error, bias" for name in estimates) + " |")
    for kind in [*kinds, ""]:
        chosen = held_out & np.array([not kind or sample.kind == kind for sample in samples])
        cells = [kind or "all", str(chosen.sum())]
        for name, estimate in estimates.items():
            others = [count for other, count in counts.items() if other != name]
            ratios = np.array([estimate[chosen] / count[chosen] for count in others]) - 1
            cells.append(f"{np.abs(ratios).mean():.0%}, {ratios.mean():+.0%}")
        print("| " + " | ".join(cells) + " |")


main()
