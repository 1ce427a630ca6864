"""How two questions are worded: what forbids to take one for the other, and how alike they look. Pure.

Vectors of meaning are nearly blind to what a question turns on: one number, one "not", who comes first. These
guards are cheap, and each can only say no.
"""

import math
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_CODE = re.compile(r"`([^`]+)`|\b(\w+(?:_\w+)+|\w+\(\)|[a-z]+[A-Z]\w*|\w+(?:\.[a-z]\w+)+)")
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b([A-Z][\w-]*)")
_COUNTS = "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_COUNTED = {word: str(number) for number, word in enumerate(_COUNTS)} | {
    word: str(number) for number, word in enumerate(["first", "second", "third", "fourth", "fifth"], 1)
}
_NOT = re.compile(
    r"\b(?:not|no|never|none|without|cannot|neither|nor|nobody|nothing|except|avoid|unless|\w+n['’]t)\b", re.I
)
_OPPOSITES = [
    {"increase", "decrease"}, {"enable", "disable"}, {"start", "stop"}, {"open", "close"}, {"add", "remove"},
    {"first", "last"}, {"before", "after"}, {"more", "less"}, {"most", "least"}, {"best", "worst"},
    {"max", "min"}, {"maximum", "minimum"}, {"upload", "download"}, {"import", "export"}, {"buy", "sell"},
    {"true", "false"}, {"with", "without"}, {"encode", "decode"}, {"encrypt", "decrypt"}, {"read", "write"},
    {"install", "uninstall"}, {"hot", "cold"}, {"up", "down"}, {"left", "right"}, {"asc", "desc"},
    {"ascending", "descending"}, {"advantage", "disadvantage"}, {"pro", "con"}, {"rise", "fall"},
    {"fast", "slow"}, {"cheap", "expensive"}, {"lose", "gain"}, {"win", "lose"}, {"push", "pull"},
    {"hide", "show"}, {"lock", "unlock"}, {"allow", "deny"}, {"oldest", "newest"}, {"short", "long"},
    {"shorter", "longer"}, {"high", "low"}, {"large", "small"}, {"largest", "smallest"}, {"love", "hate"},
]  # fmt: skip
_OPPOSED = frozenset(word for pair in _OPPOSITES for word in pair)
_DIRECTIONS = frozenset(
    "to from into than over before after by versus vs between on under of for".split()  # noqa: SIM905
)
_FILLING_WORDS = (
    "a an the is are was were be been do does did can could would will shall should may might must i "
    "you he she it we they me us them this that these those there of in on at to for from by with as "
    "and or but if so than then into about what which who whom whose when where why how please tell "
    "explain describe show give let know want like need just some any my your his her its our their "
    "have has had get one also yes no not way ways possible able using use used "
)
_FILLING = frozenset(_FILLING_WORDS.split())
_KINDS = [
    ("amount", re.compile(r"\bhow (?:many|much|long|often|old|far|tall|big|large|high|deep|fast)\b", re.I)),
    ("why", re.compile(r"\b(?:why|reasons?|cause[sd]?|how come)\b", re.I)),
    ("when", re.compile(r"\b(?:when|what year|which year|what date)\b", re.I)),
    ("where", re.compile(r"\b(?:where|what place|which country|location)\b", re.I)),
    ("who", re.compile(r"\b(?:who|whom|whose)\b", re.I)),
    ("whether", re.compile(r"^\s*(?:is|are|was|were|does|do|did|has|have|should|will)\b", re.I)),
]
_ENDINGS = ("ations", "ation", "ingly", "ings", "ing", "edly", "ied", "ies", "ed", "es", "ly", "er", "s", "e")


def objection(asked: str, before: str) -> str:
    """Why the answer to `before` is not to be given to `asked`, in a word; empty where nothing forbids it."""
    one, other = _read(asked), _read(before)
    if one.numbers != other.numbers:
        return "numbers"
    if one.negations % 2 != other.negations % 2:
        return "negation"
    if (one.words ^ other.words) & _OPPOSED:
        return "opposites"
    if not _named_in(one, other) or not _named_in(other, one):
        return "names"
    if one.code != other.code:
        return "code"
    if one.kind != other.kind:
        return "question type"
    if _swapped(one.order, other.order):
        return "word order"
    return ""


def likeness(asked: str, before: str, cosine: float) -> list[float]:
    """What a match is scored by, each about 0 to 1: the cosine and its square, the share of words in common,
    words that only one or only the other has, whether one single word stands for another, letters in common,
    words of the one in the other's order, and how different the lengths are."""
    one, other = _read(asked), _read(before)
    shared, new, missing = one.stems & other.stems, one.stems - other.stems, other.stems - one.stems
    union = len(one.stems | other.stems) or 1
    letters = 2 * len(one.trigrams & other.trigrams) / ((len(one.trigrams) + len(other.trigrams)) or 1)
    exchanged = float(len(new) == 1 == len(missing))
    return [
        cosine,
        cosine * cosine,
        len(shared) / union,
        min(len(new) / 4, 1.0),
        min(len(missing) / 4, 1.0),
        float(not new and not missing),
        exchanged,
        exchanged * letters,
        float(len(new) != len(missing)),
        letters,
        SequenceMatcher(None, one.order, other.order, autojunk=False).ratio(),
        min(abs(math.log((len(asked) + 1) / (len(before) + 1))), 1.0),
    ]


class _Reading:
    __slots__ = ("code", "kind", "names", "negations", "numbers", "order", "stems", "trigrams", "words")

    def __init__(self, text: str) -> None:
        words = [word.casefold() for word in _WORD.findall(text)]
        self.words = frozenset(words)
        counted = [_COUNTED[word] for word in words if word in _COUNTED and word != "one"]
        self.numbers = sorted(_NUMBER.findall(text) + counted)
        self.negations = len(_NOT.findall(text))
        self.names = frozenset(name.casefold() for name in _NAME.findall(text) if name != "I")
        self.code = frozenset((quoted or bare).strip("()").casefold() for quoted, bare in _CODE.findall(text))
        self.kind = next((kind for kind, sign in _KINDS if sign.search(text)), "what")
        content = [word for word in words if word not in _FILLING]
        self.stems = frozenset(map(_stem, content))
        self.order = tuple(_stem(word) for word in words if word not in _FILLING or word in _DIRECTIONS)
        squeezed = " ".join(words)
        self.trigrams = frozenset(squeezed[at : at + 3] for at in range(len(squeezed) - 2))


@lru_cache(maxsize=512)
def _read(text: str) -> _Reading:
    return _Reading(text)


def _named_in(one: _Reading, other: _Reading) -> bool:
    """Whether every name of the one is somewhere in the other, however it is written there."""
    return all(part in other.words for name in one.names for part in _WORD.findall(name))


def _swapped(one: Sequence[str], other: Sequence[str]) -> bool:
    """The same words about a direction, in another order: "from A to B" and "from B to A"."""
    if not _DIRECTIONS & set(one) or not _DIRECTIONS & set(other):
        return False
    first = [stem for stem in one if stem not in _DIRECTIONS]
    second = [stem for stem in other if stem not in _DIRECTIONS]
    if len(first) > 8 or len(set(first)) != len(first) or set(first) != set(second):
        return False
    return first != second


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
