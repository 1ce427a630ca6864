"""The tables of docs/prediction.md: what typing is saved on prompts that nothing was learnt from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.prediction.general import General, Place
from chat.prediction.matching import Said
from chat.prediction.personal import Counts
from chat.prediction.shipped import Shipped
from chat.prediction.suggest import Sources, Suggestion, suggest
from chat.prediction.tokens import typed
from training.prediction.typing import Predict, Result, type_all

Begin = Callable[[str], Predict]


def ours(shipped: Shipped, threshold: float, own: Counts | None = None, said: Said | None = None) -> Begin:
    def begin(_: str) -> Predict:
        def predict(text: str) -> list[Suggestion]:
            here = Counts()
            here.add_tokens(typed(text).tokens)
            sources = Sources(shipped.general, shipped.weights, own, said, here)
            return suggest(text, sources, threshold)

        return predict

    return begin


def ngram(general: General, threshold: float) -> Begin:
    """Baseline: the likeliest word of the plain trigram model, as sure as the model itself is."""

    def predict(text: str) -> list[Suggestion]:
        begun = typed(text)
        prefix = begun.prefix.lower()
        if not prefix and not begun.spaced:
            return []
        place = Place(general, begun.tokens)
        best = next((word for word in place.best(prefix, 3) if word[0].isalpha()), None)
        if best is None:
            return []
        return _one(best, prefix, place.probability(best) / place.mass(prefix), threshold)

    return lambda _: predict


def commonest(general: General, threshold: float) -> Begin:
    """Baseline: the most frequent continuation, of the letters of a word or else of the word before."""

    def predict(text: str) -> list[Suggestion]:
        begun = typed(text)
        prefix = begun.prefix.lower()
        if prefix:
            low, high = general.range_of(prefix)
            best = max(range(low, high), key=general.counts.__getitem__, default=None)
            if best is None:
                return []
            share = general.counts[best] / sum(general.counts[low:high])
            return _one(general.words[best], prefix, share, threshold)
        number = general.number(begun.tokens[-1])
        if number < 0 or not begun.spaced:
            return []
        first, end = general.pairs.at[number], general.pairs.at[number + 1]
        best = max(range(first, end), key=general.pairs.counts.__getitem__, default=None)
        if best is None:
            return []
        share = general.pairs.counts[best] / general.pairs.totals[number]
        return _one(general.words[general.pairs.words[best]], "", share, threshold)

    return lambda _: predict


def _one(word: str, prefix: str, share: float, threshold: float) -> list[Suggestion]:
    rest = word[len(prefix) :]
    if share < threshold or len(rest) < 2 or not word[0].isalpha():
        return []
    return [Suggestion(rest, share, "general")]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has written `before`, and writes `now`, one after the other."""

    before: Sequence[str]
    now: Sequence[str]


def with_history(shipped: Shipped, people: Sequence[Person], threshold: float) -> Result:
    """Each of `now` is typed with all that came before it in this person's history."""
    total = Result()
    for person in people:
        own, said = Counts(), Said()
        for text in person.before:
            own.add(text)
            said.add(text)
        for text in person.now:
            total = _together(total, type_all([text], ours(shipped, threshold, own, said)))
            own.add(text)
            said.add(text)
    return total


def _together(one: Result, other: Result) -> Result:
    return Result(**{name: getattr(one, name) + getattr(other, name) for name in Result.__dataclass_fields__})


def row(name: str, result: Result) -> str:
    ordered = sorted(result.seconds)
    p95 = ordered[int(len(ordered) * 0.95)] * 1000 if ordered else 0.0
    return (
        f"| {name} | {result.saved:.1%} | {result.wrong:.1%} | {result.distinct_wrong:.1%} "
        f"| {result.right / max(result.shown, 1):.1%} | {result.right_of_three / max(result.shown, 1):.1%} "
        f"| {1000 * result.shown / max(result.characters, 1):.0f} | {p95:.2f} |"
    )


HEAD = (
    "| | keys saved | wrong | wrong, each once | right, of one | of three | shown per 1,000 | p95 ms |\n"
    "|---|---|---|---|---|---|---|---|"
)
