"""Somebody types a prompt, and takes every suggestion that is right: what that saves, and what it shows.

One key takes a suggestion. The page puts a space after a word that was taken; a sign typed next takes its
place, and a letter costs the key that removes it. A suggestion is right if the text goes on with exactly it,
capitals included. Whatever is on the screen when a key is pressed counts as shown, again at every key.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from chat.prediction.suggest import Suggestion

Predict = Callable[[str], list[Suggestion]]
SIGNS = frozenset(",.;:?!)\n")


@dataclass
class Result:
    characters: int = 0
    keys: int = 0
    shown: int = 0
    right: int = 0
    right_of_three: int = 0
    taken: int = 0
    distinct_shown: int = 0
    distinct_right: int = 0
    seconds: list[float] = field(default_factory=list)
    confidences: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def saved(self) -> float:
        return 1 - self.keys / self.characters if self.characters else 0.0

    @property
    def wrong(self) -> float:
        return 1 - self.right / self.shown if self.shown else 0.0

    @property
    def distinct_wrong(self) -> float:
        """The same one that stays on the screen is counted once here."""
        return 1 - self.distinct_right / self.distinct_shown if self.distinct_shown else 0.0


def type_all(
    texts: Iterable[str], begin: Callable[[str], Predict], space: bool = True, *, takes: bool = True
) -> Result:
    """`begin(text)` is called once a text, and gives what predicts in it. Who does not take anything types
    every letter: what is then right is what a confidence claims, at every place of the text."""
    result = Result()
    for text in texts:
        _type(text, begin(text), result, space, takes)
    return result


def _type(text: str, predict: Predict, result: Result, space: bool, takes: bool) -> None:
    at = keys = 0
    last = ""
    while at < len(text):
        started = time.perf_counter()
        found = predict(text[:at])
        result.seconds.append(time.perf_counter() - started)
        if found:
            first = found[0]
            is_right = text.startswith(first.text, at)
            result.shown += 1
            result.right += is_right
            result.right_of_three += any(text.startswith(one.text, at) for one in found)
            result.confidences.append((first.confidence, is_right))
            whole = text[:at] + first.text
            if whole != last:
                result.distinct_shown += 1
                result.distinct_right += is_right
            last = whole
            if is_right and takes:
                at += len(first.text)
                keys += 1
                result.taken += 1
                if space and first.text[-1].isalpha() and at < len(text):
                    if text[at] == " ":
                        at += 1
                    elif text[at] not in SIGNS:
                        keys += 1
                continue
        at += 1
        keys += 1
    result.characters += len(text)
    result.keys += keys
