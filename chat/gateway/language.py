"""The language of a short question, as far as a cache has to tell languages apart. Pure."""

import re

# The commonest words of each: one that is in none of these is told apart by its script alone.
_COMMON = {
    "en": "the is what how a of to in and do i you it for are can does why",
    "de": "der die das ist was wie ein eine und ich nicht von zu mit für warum wer",
    "fr": "le la les est que quoi comment un une et je des du pour pourquoi qui dans",
    "es": "el los es qué como cómo un una y yo de para por qué quién en las",
    "it": "il lo gli è che cosa come un una e di per perché chi nel sono",
    "pt": "o os é que como um uma e eu de para por quem em não são",
    "nl": "de het is wat hoe een en ik niet van te met voor waarom wie",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}


def language(text: str) -> str:
    """A code such as "de"; for what is not written in Latin letters, the script's first letter's block."""
    foreign = next((letter for letter in text if letter.isalpha() and ord(letter) > 0x24F), "")
    if foreign:
        return f"block {ord(foreign) >> 8:x}"
    words = re.findall(r"[^\W\d_]+", text.casefold())
    counts = {name: sum(word in common for word in words) for name, common in _WORDS.items()}
    return max(counts, key=lambda name: (counts[name], name == "en"))
