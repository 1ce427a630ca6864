"""How requests go on, for everybody: word n-grams with back-off, trained from prompts under free licences.

Interpolated absolute discounting (Chen & Goodman 1998, section 2.7): what the longest context has not seen is
left to the next shorter one, down to single words, and a share is kept for words that nobody has seen. Words
are numbered in alphabetical order, so that those with a prefix are one range. Pure.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

DISCOUNT = 0.75
_LAST = "\U0010ffff"


@dataclass
class Followers:
    """Of each of a row of contexts: the words that came after it, as numbers in order, and how often.
    Those of context i lie at at[i]:at[i + 1]; `totals[i]` also counts the rare ones that were left out."""

    at: array
    words: array
    counts: array
    totals: array

    def find(self, context: int, word: int) -> int:
        """Where `word` lies after `context`, or -1."""
        return _find(self.words, self.at[context], self.at[context + 1], word)


@dataclass
class General:
    """`words` sorted, and how often each was seen; `pairs` by the word before, `triples` by the pair before;
    `shown` is how a word is written inside a sentence, where that is not in lower case."""

    words: list[str]
    counts: array
    pairs: Followers
    triples: Followers
    shown: dict[str, str] = field(default_factory=dict)

    @cached_property
    def sums(self) -> array:
        """What single words hold after discounting, summed up to each of them."""
        sums, total = array("d", [0.0]), 0.0
        for count in self.counts:
            total += max(count - DISCOUNT, 0.0)
            sums.append(total)
        return sums

    @cached_property
    def seen(self) -> int:
        return sum(self.counts)

    def number(self, word: str) -> int:
        return _find(self.words, 0, len(self.words), word)

    def range_of(self, prefix: str) -> tuple[int, int]:
        if not prefix:
            return 0, len(self.words)
        low = bisect_left(self.words, prefix)
        return low, bisect_left(self.words, prefix + _LAST, low)


class Place:
    """The model after the words `before`: how probable each next word is."""

    def __init__(self, model: General, before: Sequence[str]) -> None:
        self._model = model
        # (followers, first, end, total, what is left to shorter contexts): the longest context first.
        self._levels: list[tuple[Followers, int, int, int, float]] = []
        numbers = [model.number(word) for word in before[-2:]]
        if len(numbers) == 2 and min(numbers) >= 0:
            pair = model.pairs.find(numbers[0], numbers[1])
            if pair >= 0:
                self._add(model.triples, pair)
        if numbers and numbers[-1] >= 0:
            self._add(model.pairs, numbers[-1])

    def _add(self, followers: Followers, context: int) -> None:
        first, end = followers.at[context], followers.at[context + 1]
        if first == end:
            return
        total = followers.totals[context]
        kept = sum(followers.counts[first:end]) - DISCOUNT * (end - first)
        self._levels.append((followers, first, end, total, 1.0 - kept / total))

    @property
    def depth(self) -> int:
        """How many words of context the model knows here: 0, 1 or 2."""
        return len(self._levels)

    def mass(self, prefix: str) -> float:
        """How probable it is that the next word begins with `prefix`, words that nobody has seen included."""
        if not prefix:
            return 1.0
        model = self._model
        low, high = model.range_of(prefix)
        found, share = 0.0, 1.0
        for followers, first, end, total, left in self._levels:
            start = bisect_left(followers.words, low, first, end)
            stop = bisect_left(followers.words, high, start, end)
            found += share * (sum(followers.counts[start:stop]) - DISCOUNT * (stop - start)) / total
            share *= left
        single = (model.sums[high] - model.sums[low]) / model.seen
        unseen = (1.0 - model.sums[-1] / model.seen) * (high - low + 0.5) / (len(model.words) + 0.5)
        return found + share * (single + unseen)

    def probability(self, word: str) -> float:
        number = self._model.number(word)
        return self._of(number) if number >= 0 else 0.0

    def _of(self, number: int) -> float:
        found, share = 0.0, 1.0
        for followers, first, end, total, left in self._levels:
            place = _find(followers.words, first, end, number)
            if place >= 0:
                found += share * (followers.counts[place] - DISCOUNT) / total
            share *= left
        return found + share * max(self._model.counts[number] - DISCOUNT, 0.0) / self._model.seen

    def best(self, prefix: str, most: int) -> list[str]:
        """The likeliest words that begin with `prefix`; few of each length of context are looked at."""
        model = self._model
        low, high = model.range_of(prefix)
        numbers: set[int] = set()
        for followers, first, end, _, _ in self._levels:
            start = bisect_left(followers.words, low, first, end)
            stop = bisect_left(followers.words, high, start, end)
            numbers.update(followers.words[place] for place in _largest(followers.counts, start, stop, most))
        if prefix:
            numbers.update(_largest(model.counts, low, high, most))
        ranked = sorted(numbers, key=self._of, reverse=True)[:most]
        return [model.words[number] for number in ranked]


def _largest(counts: array, start: int, stop: int, most: int) -> Iterable[int]:
    if stop - start <= most:
        return range(start, stop)
    return sorted(range(start, stop), key=counts.__getitem__, reverse=True)[:most]


def _find(items: Sequence, first: int, end: int, wanted: object) -> int:
    place = bisect_left(items, wanted, first, end)
    return place if place < end and items[place] == wanted else -1
