"""How good a router is: never on what it was trained with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.router.data import Example

Chances = NDArray[Any]
PRICE_RATIO = 0.24 / 24.7  # Mixtral-8x7B to GPT-4-1106, a million tokens, as RouteLLM's paper has it


def auc(chance: Chances, true: Chances) -> float:
    """The chance that a random positive is ranked above a random negative; 0.5 is a coin."""
    order = np.argsort(chance, kind="stable")
    ranks = np.empty(len(chance))
    ranks[order] = np.arange(1, len(chance) + 1)
    positives = int(true.sum())
    return float((ranks[true].sum() - positives * (positives + 1) / 2) / positives / (len(true) - positives))


def reliability(chance: Chances, true: Chances, bins: int = 5) -> list[tuple[float, float, int]]:
    """(said, seen, how many) by fifths of what was said."""
    return [
        (float(chance[part].mean()), float(true[part].mean()), len(part))
        for part in np.array_split(np.argsort(chance), bins)
    ]


def curve(examples: Sequence[Example], chance: Chances) -> list[tuple[float, float, float, float]]:
    """For each share sent to the weak model, the surest first: (share, accuracy, by a coin, cost), the
    accuracies and the cost relative to the strong model alone."""
    weak = np.array([example.weak for example in examples], dtype=float)
    strong = np.array([example.strong for example in examples], dtype=float)
    order = np.argsort(-chance)
    weak, strong = weak[order], strong[order]
    points = []
    for share in (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0):
        cut = round(share * len(order))
        routed = (weak[:cut].sum() + strong[cut:].sum()) / strong.sum()
        coin = (share * weak.sum() + (1 - share) * strong.sum()) / strong.sum()
        points.append((share, float(routed), float(coin), share * PRICE_RATIO + 1 - share))
    return points
