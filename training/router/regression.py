"""Logistic regression in numpy: enough for a few thousand columns, and nothing to install."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chat.gateway.difficulty import BUCKETS, SHAPE, Model, buckets, shape

Matrix = NDArray[np.float32]
STEPS = 150
_RATE, _FADE, _FADE_SQUARES = 0.05, 0.9, 0.999  # Adam's (Kingma and Ba 2015)


def matrix(texts: Sequence[str]) -> Matrix:
    """A row a text: its shape, then its buckets, each 1 over the root of how many there are."""
    rows = np.zeros((len(texts), len(SHAPE) + BUCKETS), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[: len(SHAPE)] = shape(text)
        hit = [len(SHAPE) + bucket for bucket in buckets(text)]
        if hit:
            row[hit] = len(hit) ** -0.5
    return rows


def fit(rows: Matrix, enough: NDArray[Any], weights: NDArray[Any], shrink: float) -> Model:
    """`weights`: how much each row counts, with a sum of 1. `shrink` is the ridge on the words' weights;
    the shape's few get a hundredth of it. The shape is standardised here and the model un-standardised."""
    mean, spread = rows[:, : len(SHAPE)].mean(0), rows[:, : len(SHAPE)].std(0) + 1e-6
    standard = rows.copy()
    standard[:, : len(SHAPE)] = (rows[:, : len(SHAPE)] - mean) / spread
    ridge = np.full(rows.shape[1], shrink, dtype=np.float32)
    ridge[: len(SHAPE)] = shrink / 100
    beta = np.zeros(rows.shape[1] + 1, dtype=np.float64)  # the last one is the bias
    momentum, squares = np.zeros_like(beta), np.zeros_like(beta)
    for step in range(1, STEPS + 1):
        chance = 1 / (1 + np.exp(-(standard @ beta[:-1].astype(np.float32) + beta[-1])))
        error = ((chance - enough) * weights).astype(np.float32)
        slope = np.append(error @ standard + ridge * beta[:-1], error.sum())
        momentum = _FADE * momentum + (1 - _FADE) * slope
        squares = _FADE_SQUARES * squares + (1 - _FADE_SQUARES) * slope**2
        rate = _RATE * (1 - step / (STEPS + 1))
        beta -= rate * (momentum / (1 - _FADE**step)) / (np.sqrt(squares / (1 - _FADE_SQUARES**step)) + 1e-8)
    by_shape = beta[: len(SHAPE)] / spread
    return Model(
        bias=float(beta[-1] - by_shape @ mean),
        shape=[float(weight) for weight in by_shape],
        words=[float(weight) for weight in beta[len(SHAPE) : -1]],
    )


def chances(model: Model, rows: Matrix) -> NDArray[Any]:
    score = rows @ np.array([*model.shape, *model.words], dtype=np.float32) + model.bias
    return np.asarray(1 / (1 + np.exp(-score)))
