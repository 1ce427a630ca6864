"""The trainer of the weights that count tokens."""

import numpy as np

from chat.gateway.counting import FEATURES, features
from training.tokens.fitting import BEYOND, LEAST, fit


def test_it_finds_the_weights_that_made_the_counts() -> None:
    texts = ["a few words", "MORE Words 123", "x = [1, 22, 333]\n\n", "one", "9 9 9", "Yes. No!", "éa bé cé"]
    rows = np.array([features(text) for text in texts], dtype=float)
    made = np.linspace(0.5, 1.5, len(FEATURES))
    weights = fit(rows, rows @ made)
    assert np.allclose(rows @ weights, rows @ made, rtol=0.02)
    assert (weights >= 0).all()


def test_a_script_that_no_sample_has_is_not_free() -> None:
    rows = np.array([features("only English here"), features("and here")], dtype=float)
    assert (fit(rows, np.array([3.0, 2.0]))[BEYOND:] >= LEAST).all()
