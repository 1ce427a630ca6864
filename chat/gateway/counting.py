"""About how many tokens a text has, from its bytes. Pure. Why no tokenizer does it, and how far it is from
five of them: docs/decisions/0016-counting-tokens.md.

Tokenizers differ among themselves, by a twentieth in English and by half in other scripts, and one serves
every provider here. What they share is about what a piece of text weighs: a word's beginning, a letter, a
digit, a Chinese character. These weights are fitted to all five (training/tokens).
"""

import json
import math
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).with_name("counting.json")

#: What is weighed. In UTF-8 the first byte of a character tells its script.
FEATURES = (
    "lower",
    "upper",
    "digits",
    "spaces",
    "lines",
    "signs",
    "words",
    "latin",
    "greek",
    "cyrillic",
    "hebrew",
    "arabic",
    "indic",
    "vietnamese",
    "punctuation",
    "kana",
    "han",
    "hangul",
    "rare",
)


def _classes() -> bytes:
    """Byte to class: the place of its feature in FEATURES, or 255 for what continues a character."""
    table = bytearray(b"\xff" * 256)

    def put(feature: str, first: int, last: int) -> None:
        for byte in range(first, last + 1):
            table[byte] = FEATURES.index(feature)

    put("signs", 0x00, 0x7F)
    put("lower", ord("a"), ord("z"))
    put("upper", ord("A"), ord("Z"))
    put("digits", ord("0"), ord("9"))
    put("spaces", ord(" "), ord(" "))
    put("lines", ord("\n"), ord("\n"))
    put("latin", 0xC2, 0xCD)
    put("greek", 0xCE, 0xCF)
    put("cyrillic", 0xD0, 0xD6)
    put("hebrew", 0xD7, 0xD7)
    put("arabic", 0xD8, 0xDF)
    put("indic", 0xE0, 0xE0)
    put("vietnamese", 0xE1, 0xE1)
    put("punctuation", 0xE2, 0xE2)
    put("kana", 0xE3, 0xE3)
    put("han", 0xE4, 0xE9)
    put("hangul", 0xEA, 0xED)
    put("rare", 0xEE, 0xFF)
    return bytes(table)


_CLASSES = _classes()
_WORDS = FEATURES.index("words")
_IN_ASCII = range(_WORDS)
_BEYOND = range(_WORDS + 1, len(FEATURES))
# A word begins where an "a" follows a blank, when every letter is one, and everything else the other.
_LETTERS = bytes(0x61 if chr(byte).isalpha() and byte < 0x80 else 0x20 for byte in range(256))
_LOWER = b"abcdefghijklmnopqrstuvwxyz"
_LOWER_PLACE, _SPACES_PLACE = FEATURES.index("lower"), FEATURES.index("spaces")


def count_tokens(text: str) -> int:
    """Estimated; never 0 for a text that is not empty, 0 for one that is."""
    if not text:
        return 0
    found = sum(weight * amount for weight, amount in zip(_weights(), features(text), strict=True))
    # Every tokenizer of today falls back to single bytes: none makes more tokens than there are.
    return min(max(1, math.ceil(found)), len(text.encode("utf-8", "replace")))


def features(text: str) -> list[int]:
    """As FEATURES names them."""
    data = text.encode("utf-8", "replace")
    found = [0] * len(FEATURES)
    # Most of a text: to leave them out and look how much is gone is faster than to count them.
    signs = data.translate(None, _LOWER)
    rest = signs.translate(None, b" ")
    found[_LOWER_PLACE], found[_SPACES_PLACE] = len(data) - len(signs), len(signs) - len(rest)
    classes = rest.translate(_CLASSES)
    for place in _IN_ASCII if len(data) == len(text) else (*_IN_ASCII, *_BEYOND):
        found[place] = found[place] or classes.count(place)
    letters = data.translate(_LETTERS)
    found[_WORDS] = letters.count(b" a") + letters.startswith(b"a")
    return found


@cache
def _weights() -> list[float]:
    written = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return [float(written[name]) for name in FEATURES]
