"""One person's own words, or those of the conversation at hand, counted on top of the general model. Pure.

The same back-off goes on below: what this person's own triples, pairs and words have not seen is left to the
model underneath, so that little is changed by little text, and much by what is said again and again.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Protocol

from chat.prediction.general import DISCOUNT
from chat.prediction.tokens import START, is_word, tokens_of


class Model(Protocol):
    """What can be asked of a place in a text."""

    def mass(self, prefix: str) -> float: ...
    def probability(self, word: str) -> float: ...
    def best(self, prefix: str, most: int) -> list[str]: ...


class Counts:
    """How often words, pairs and triples occurred in the texts that were added. `most` bounds the entries
    of all three together: when it is reached, further texts are not added."""

    def __init__(self, most: int = 200_000) -> None:
        self.most = most
        self.size = 0
        self.words: Counter[str] = Counter()
        self.pairs: dict[str, Counter[str]] = defaultdict(Counter)
        self.triples: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.total = 0
        self.by_letter: dict[str, dict[str, int]] = defaultdict(dict)

    def add(self, text: str) -> bool:
        return self.add_tokens([START, *tokens_of(text)])

    def add_tokens(self, tokens: Sequence[str]) -> bool:
        """False where there is no room for more."""
        if self.size >= self.most:
            return False
        for end in range(1, len(tokens) + 1):
            self.add_last(tokens[max(0, end - 3) : end])
        return True

    def add_last(self, tokens: Sequence[str]) -> None:
        """Count the last of `tokens`, after the two before it."""
        token = tokens[-1]
        if len(tokens) > 1:
            self._follow(self.pairs[tokens[-2]], token)
        if len(tokens) > 2:
            self._follow(self.triples[tokens[-3], tokens[-2]], token)
        if token != START:
            self.total += 1
            if is_word(token):
                self.size += token not in self.words
                self.words[token] += 1
                self.by_letter[token[0]][token] = self.words[token]

    def _follow(self, following: Counter[str], token: str) -> None:
        self.size += token not in following
        following[token] += 1

    def after(self, before: Sequence[str], base: Model, single: float) -> "OwnPlace":
        return OwnPlace(self, before, base, single)


class OwnPlace:
    """`base`: the model underneath, at the same place; `single`: the share of single words against it."""

    def __init__(self, counts: Counts, before: Sequence[str], base: Model, single: float) -> None:
        self._counts = counts
        self._base = base
        self._single = single if counts.total else 0.0
        self._levels: list[tuple[Counter[str], int, float]] = []
        if len(before) > 1:
            self._add(counts.triples.get((before[-2], before[-1])))
        if before:
            self._add(counts.pairs.get(before[-1]))

    def _add(self, following: "Counter[str] | None") -> None:
        if following:
            total = following.total()
            # Half of one is kept back besides: two of a kind are not yet a habit.
            self._levels.append((following, total, (DISCOUNT * len(following) + 0.5) / (total + 0.5)))

    @property
    def depth(self) -> int:
        return len(self._levels)

    def seen(self, word: str) -> int:
        """How often `word` came after these words."""
        return max((following[word] for following, _, _ in self._levels), default=0)

    def mass(self, prefix: str) -> float:
        if not prefix:
            return 1.0
        found, share = 0.0, 1.0
        for following, total, left in self._levels:
            kept = sum(count - DISCOUNT for word, count in following.items() if word.startswith(prefix))
            found += share * kept / (total + 0.5)
            share *= left
        own = 0.0
        if self._single:
            alike = self._counts.by_letter.get(prefix[0], {})
            own = sum(count for word, count in alike.items() if word.startswith(prefix)) / self._counts.total
        return found + share * (self._single * own + (1 - self._single) * self._base.mass(prefix))

    def probability(self, word: str) -> float:
        found, share = 0.0, 1.0
        for following, total, left in self._levels:
            count = following.get(word, 0)
            if count:
                found += share * (count - DISCOUNT) / (total + 0.5)
            share *= left
        own = self._counts.words.get(word, 0) / self._counts.total if self._single else 0.0
        return found + share * (self._single * own + (1 - self._single) * self._base.probability(word))

    def best(self, prefix: str, most: int) -> list[str]:
        words = set(self._base.best(prefix, most))
        for following, _, _ in self._levels:
            alike = [(count, word) for word, count in following.items() if word.startswith(prefix)]
            words.update(word for _, word in sorted(alike, reverse=True)[:most])
        if prefix and self._single:
            alike = [
                (count, word)
                for word, count in self._counts.by_letter.get(prefix[0], {}).items()
                if word.startswith(prefix)
            ]
            words.update(word for _, word in sorted(alike, reverse=True)[:most])
        return sorted(words, key=self.probability, reverse=True)[:most]
