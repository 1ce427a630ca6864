"""Weights, none below zero, whose relative errors are smallest in the square. Pure."""

import numpy as np
from numpy.typing import NDArray

from chat.gateway.counting import FEATURES

Array = NDArray[np.float64]
ROUNDS = 20_000
SHRINK = 1e-4
BEYOND = FEATURES.index("latin")  # from here on: not ASCII
OFTEN = 4.0  # what English and code count for: most of what is asked
LEAST = 0.5  # tokens a character beyond ASCII


def fit(rows: Array, wanted: Array) -> Array:
    """Weights, none below zero, whose *relative* errors are smallest in the square (multiplicative updates of
    Lee and Seung, 2001)."""
    scaled = rows / wanted[:, None]
    often = np.where(rows[:, BEYOND:].sum(axis=1) < rows.sum(axis=1) / 50, OFTEN, 1.0)[:, None]
    target, gram = (often * scaled).sum(axis=0), scaled.T @ (often * scaled) + SHRINK * np.eye(rows.shape[1])
    weights = np.full(rows.shape[1], 0.3)
    for _ in range(ROUNDS):
        weights *= target / np.maximum(gram @ weights, 1e-12)
    # What is hardly in the samples is not free.
    weights[BEYOND:] = np.maximum(weights[BEYOND:], LEAST)
    return weights
