"""A word that was just finished and is none: the one that was probably meant. Pure.

Every word one slip away is tried (a letter too many, too few, another, two exchanged: Damerau 1964), weighed
by how probable it is here, against the chance that the word is right and merely unknown.
"""

from chat.prediction.general import Place
from chat.prediction.suggest import Sources, Suggestion
from chat.prediction.tokens import is_word, tokens_of

LEAST_LETTERS = 4
COMMON = 25  # times that a word was seen, to be what somebody meant
UNKNOWN = 5e-8  # how probable a new word of this very spelling is (a name, a term)
SLIP = 0.02  # and how probable a given slip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ENDS = (" ", ".", ",", "?", "!", ";", ":")


def correct(text: str, sources: Sources, threshold: float) -> list[Suggestion]:
    """Where the text ends with a word and one sign after it."""
    if not text.endswith(_ENDS):
        return []
    end = text[-1]
    written = text[:-1].rsplit(None, 1)[-1] if text[:-1].strip() else ""
    word = written.lower()
    if not written.isalpha() or not written.isascii() or len(word) < LEAST_LETTERS:
        return []
    if written[1:] != word[1:] or _is_known(word, sources):
        return []
    before = tokens_of(text[: -1 - len(written)])
    place = Place(sources.general, before)
    general = sources.general
    found = []
    for other in _one_slip_away(word):
        number = general.number(other)
        if number >= 0 and general.counts[number] >= COMMON and is_word(other):
            found.append((place.probability(other), other))
    total = sum(share for share, _ in found) * SLIP / len(word)
    share, best = max(found, default=(0.0, ""))
    confidence = share * SLIP / len(word) / (total + UNKNOWN)
    if confidence < threshold:
        return []
    form = best[0].upper() + best[1:] if written[0].isupper() else general.shown.get(best, best)
    return [Suggestion(form + end, confidence, "typo", replaces=len(written) + 1)]


def _is_known(word: str, sources: Sources) -> bool:
    if sources.general.number(word) >= 0:
        return True
    # The text itself holds the word once, or it would not be looked at.
    own = sources.own is not None and word in sources.own.words
    return own or sources.here.words.get(word, 0) > 1


def _one_slip_away(word: str) -> set[str]:
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {a + b[1:] for a, b in parts if b}
    found |= {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    found |= {a + letter + b[1:] for a, b in parts if b for letter in _LETTERS}
    found |= {a + letter + b for a, b in parts for letter in _LETTERS}
    return found - {word}
