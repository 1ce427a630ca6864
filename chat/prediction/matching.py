"""Where a person has said these very words before, and how they went on then. Pure.

The last three tokens are looked up, and the match is followed backwards as far as it goes; the longer it is,
the likelier it goes on the same way. How much likelier is measured on this person's own texts, as they are
added: each word is first predicted from the texts before it, and counted as a hit or a miss.
"""

from dataclasses import dataclass

from chat.prediction.tokens import START, TOKEN, kind_of

ORDER = 3
LONGEST = 16
# Hits and misses to begin with, by the length of the match (`python -m training.prediction matches`).
PRIOR = {3: (3.0, 3.0), 4: (4.0, 2.0), 5: (5.0, 1.6), 7: (6.0, 1.0), 10: (8.0, 0.7)}
_BUCKETS = sorted(PRIOR)


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier text that goes on after `at` (a place among its tokens); `length` tokens agree before it."""

    text: int
    at: int
    length: int


class Said:
    """The texts of one person, newest last. `most` bounds their tokens together."""

    def __init__(self, most: int = 60_000) -> None:
        self.most = most
        self.size = 0
        self.texts: list[str] = []
        self.kinds: list[str] = []
        self._tokens: list[list[str]] = []
        self._ends: list[list[int]] = []  # where each token ends in its text
        self._last: dict[tuple[str, ...], tuple[int, int]] = {}
        self.tally: dict[int, list[float]] = {bucket: list(PRIOR[bucket]) for bucket in _BUCKETS}

    def add(self, text: str, kind: str = "history") -> bool:
        """False where there is no room for more. What is said twice is kept once, and its place renewed."""
        tokens, ends = [START], [0]
        for match in TOKEN.finditer(text):
            tokens.append(kind_of(match.group()))
            ends.append(match.end())
        if self.size + len(tokens) > self.most:
            return False
        self._measure(tokens)
        number = len(self.texts)
        self.texts.append(text)
        self.kinds.append(kind)
        self._tokens.append(tokens)
        self._ends.append(ends)
        self.size += len(tokens)
        for at in range(ORDER, len(tokens)):
            self._last[tuple(tokens[at - ORDER : at])] = (number, at)
        return True

    def find(self, before: list[str] | tuple[str, ...]) -> Match | None:
        """The newest earlier place with these last tokens."""
        if len(before) < ORDER:
            return None
        place = self._last.get(tuple(before[-ORDER:]))
        if place is None:
            return None
        number, at = place
        tokens = self._tokens[number]
        length = ORDER
        while length < min(LONGEST, at, len(before)) and tokens[at - length - 1] == before[-length - 1]:
            length += 1
        return Match(number, at, length)

    def next_token(self, match: Match) -> str | None:
        tokens = self._tokens[match.text]
        return tokens[match.at] if match.at < len(tokens) else None

    def written(self, match: Match, words: int) -> str:
        """What stands there, from the end of the token before: `words` tokens of it, as they were written."""
        ends = self._ends[match.text]
        last = min(match.at + words, len(ends)) - 1
        return self.texts[match.text][ends[match.at - 1] : ends[last]]

    def trust(self, length: int) -> float:
        """How often a match of this length went on the same way."""
        hits, misses = self.tally[_bucket(length)]
        return hits / (hits + misses)

    def _measure(self, tokens: list[str]) -> None:
        for at in range(ORDER, len(tokens)):
            match = self.find(tokens[max(0, at - LONGEST) : at])
            if match is not None:
                following = self.next_token(match)
                if following is not None:
                    self.tally[_bucket(match.length)][0 if following == tokens[at] else 1] += 1


def _bucket(length: int) -> int:
    return max(bucket for bucket in _BUCKETS if bucket <= max(length, ORDER))
