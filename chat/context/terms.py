"""Words as numbers: what a text is about, so that two texts can be compared without their words. Pure."""

import re
from collections.abc import Iterator
from zlib import crc32

_WORDS = re.compile(r"[^\W_]+(?:[._:@/'’-][^\W_]+)*")
_SEPARATORS = re.compile(r"[._:@/'’-]")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
MOST_KNOWN = 50_000  # words whose numbers are kept: 10 MB; to work one out anew takes 2 µs

_WORDS_THAT_SAY_NOTHING = (
    "a about above after again all also am an and any are as at be because been before being below "
    "between both but by can could did do does doing don down during each few for from further had has "
    "have having he her here hers him his how i if in into is isn it its itself just ll me more most my "
    "no nor not now of off on once only or other our ours out over own please re s same she should so "
    "some such t than that the their theirs them then there these they this those through to too under "
    "until up us ve very was we were what when where which while who whom why will with would you your "
    "yours tell give know let make need want like get got one say said"
)
_STOPWORDS = frozenset(_WORDS_THAT_SAY_NOTHING.split(" "))
_known: dict[str, tuple[int, ...]] = {}


def terms(text: str) -> list[int]:
    """A 32-bit number for each word that means something, in order, repetitions with it. A word that is put
    together (`max-size`, `10.0.0.3`) has one for the whole and one for each part; what is written without
    spaces has one for every two characters."""
    found: list[int] = []
    for word in _WORDS.findall(text.lower()):
        numbers = _known.get(word)
        if numbers is None:
            numbers = tuple(_numbers(word))
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            _known[word] = numbers
        found += numbers
    return found


def _numbers(word: str) -> Iterator[int]:
    if _WIDE.search(word):
        for run in _WIDE.findall(word):
            yield from (_number(run[at : at + 2]) for at in range(len(run) - 1))
        return
    parts = _SEPARATORS.split(word)
    if len(parts) > 1:
        yield _number(word)
    yield from (_number(stem(part)) for part in parts if part not in _STOPWORDS and part)


def _number(term: str) -> int:
    return crc32(term.encode("utf-8", "replace"))


def stem(word: str) -> str:
    """The word without its commonest English endings: enough for "listens" to find "listening"."""
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    for ending, least, put in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            word = word[: -len(ending)] + put
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


_ENDINGS = (
    ("ational", 3, "ate"),
    ("ization", 3, "ize"),
    ("fulness", 3, ""),
    ("ousness", 3, "ous"),
    ("ements", 3, ""),
    ("ement", 3, ""),
    ("ations", 3, ""),
    ("ation", 3, ""),
    ("ments", 3, ""),
    ("ment", 3, ""),
    ("ings", 3, ""),
    ("ness", 3, ""),
    ("ies", 2, "y"),
    ("ied", 2, "y"),
    ("ing", 3, ""),
    ("ers", 3, ""),
    ("ed", 3, ""),
    ("er", 3, ""),
    ("ly", 3, ""),
    ("es", 3, ""),
    ("s", 3, ""),
)
