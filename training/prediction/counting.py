"""From texts to the general model: counted, and pruned to what is worth its place in the file."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from chat.prediction.general import Followers, General
from chat.prediction.tokens import SENTENCE_ENDS, START, is_word, surfaces_of, tokens_of

MOST_WORDS = 30_000
LEAST_WORD = 2
LEAST_PAIR = 2
LEAST_TRIPLE = 2


def count(
    texts: Iterable[tuple[str, int]], *, least_pair: int = LEAST_PAIR, least_triple: int = LEAST_TRIPLE
) -> General:
    """`texts` with the weight of each. Words that are too rare are left out of every context."""
    words: Counter[str] = Counter()
    written: dict[str, Counter[str]] = defaultdict(Counter)
    kept: list[tuple[list[str], int]] = []
    for text, weight in texts:
        tokens = tokens_of(text)
        kept.append(([START, *tokens], weight))
        for token in tokens:
            words[token] += weight
        before = START
        for token, surface in zip(tokens, surfaces_of(text), strict=True):
            if is_word(token) and before not in SENTENCE_ENDS:
                written[token][surface.replace("’", "'")] += weight
            before = token
    common = [word for word, times in words.most_common(MOST_WORDS) if times >= LEAST_WORD and word.isascii()]
    alphabet = sorted({START, *common})
    number = {word: place for place, word in enumerate(alphabet)}
    pairs: dict[int, Counter[int]] = defaultdict(Counter)
    triples: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for tokens, weight in kept:
        last = earlier = -1
        for place in (number.get(token, -1) for token in tokens):
            # -1 stands for the words that are left out: they count towards the total of what comes before.
            if last >= 0:
                pairs[last][place] += weight
                if earlier >= 0:
                    triples[earlier, last][place] += weight
            earlier, last = last, place
    by_pair = _followers(
        ((place,) for place in range(len(alphabet))), {(a,): f for a, f in pairs.items()}, least_pair
    )
    contexts = []
    for place in range(len(alphabet)):
        contexts += [(place, by_pair.words[at]) for at in range(by_pair.at[place], by_pair.at[place + 1])]
    by_triple = _followers(contexts, triples, least_triple)
    shown = {}
    for word, forms in written.items():
        best, times = forms.most_common(1)[0]
        if word in number and best != word and times > 0.6 * forms.total():
            shown[word] = best
    counts = array("I", [words[word] for word in alphabet])
    return General(alphabet, counts, by_pair, by_triple, shown)


def _followers(contexts: Iterable[tuple], found: Mapping[tuple, Counter[int]], least: int) -> Followers:
    at, words, counts, totals = array("I", [0]), array("H"), array("H"), array("I")
    for context in contexts:
        following = found.get(context) or Counter()
        for word in sorted(following):
            if word >= 0 and following[word] >= least:
                words.append(word)
                counts.append(min(following[word], 65_535))
        at.append(len(words))
        totals.append(min(following.total(), 2**32 - 1))
    return Followers(at, words, counts, totals)
