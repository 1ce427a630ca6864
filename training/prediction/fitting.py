"""How sure a word is: the logistic function's weights, from words that were typed letter by letter."""

from collections.abc import Iterable

import numpy as np

from chat.prediction.general import General
from chat.prediction.personal import Counts
from chat.prediction.suggest import FEATURES, LEAST_LETTERS, Sources, candidates
from chat.prediction.tokens import START, TOKEN, Typed, is_word, kind_of

LONGEST = 600  # letters of a prompt: what is longer was pasted
BEST = 2  # candidates of each place that are learnt from
_ROUNDS = 30
_RIDGE = 1.0


def fit(general: General, texts: Iterable[str]) -> list[float]:
    """Maximum likelihood by Newton's method. None of the texts may be among what `general` has counted."""
    rows: list[tuple[float, ...]] = []
    right: list[bool] = []
    for text in texts:
        for signs, is_right in _examples(general, text[:LONGEST]):
            rows.append(signs)
            right.append(is_right)
    signs_of, wanted = np.array(rows, float), np.array(right, float)
    weights = np.zeros(FEATURES)
    for _ in range(_ROUNDS):
        sure = 1 / (1 + np.exp(-signs_of @ weights))
        curve = signs_of.T @ (signs_of * (sure * (1 - sure))[:, None]) + np.eye(FEATURES) * _RIDGE
        weights += np.linalg.solve(curve, signs_of.T @ (wanted - sure) - _RIDGE * weights)
    return [round(float(weight), 5) for weight in weights]


def _examples(general: General, text: str) -> Iterable[tuple[tuple[float, ...], bool]]:
    here = Counts()
    before = [START]
    for match in TOKEN.finditer(text):
        token = kind_of(match.group())
        for letters in range(len(token) if is_word(token) else 0):
            at = match.start() + letters
            begun = Typed(tuple(before), text[match.start() : at], True)
            found = candidates(begun, Sources(general, (), here=here))
            for one in [one for one in found if len(one.rest) >= LEAST_LETTERS][:BEST]:
                yield one.signs, text.startswith(one.rest, at)
        before.append(token)
        here.add_last(before)
