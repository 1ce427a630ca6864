"""A text as the words and signs that prediction counts. Pure.

A word is letters with apostrophes inside; any number is the token `0`; every other sign stands for itself.
Words are counted in lower case: what case a suggestion has is decided where it is shown.
"""

import re
from dataclasses import dataclass

START = "\x02"  # before the first word of a text
LINE = "\n"
NUMBER = "0"
SENTENCE_ENDS = frozenset({START, LINE, ".", "?", "!"})

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d.,:]*|\n+|[^\s\w]|_")
LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that is being written: the tokens before the place where one writes, and the letters of the
    word that is begun there. `glued`: a word could not begin here, because a sign needs a space first."""

    tokens: tuple[str, ...]
    prefix: str
    spaced: bool  # the text ends in a space, a line break, or has not begun


def tokens_of(text: str) -> list[str]:
    return [kind_of(match.group()) for match in TOKEN.finditer(text)]


def surfaces_of(text: str) -> list[str]:
    """The same tokens as they were written."""
    return [match.group() for match in TOKEN.finditer(text)]


def is_word(token: str) -> bool:
    return token[0].isalpha()


def typed(text: str) -> Typed:
    prefix = _prefix(text)
    head = text[: len(text) - len(prefix)]
    spaced = not head or head[-1].isspace() or head[-1] in "([{\"“'‘"
    return Typed((START, *tokens_of(head)), prefix, spaced)


def _prefix(text: str) -> str:
    """The letters at the end, if a word can have begun with them."""
    end = len(text)
    start = end
    while start and (text[start - 1].isalpha() or (text[start - 1] in "'’" and start < end)):
        start -= 1
        if end - start > LONGEST_WORD:
            return ""
    while start < end and not text[start].isalpha():
        start += 1
    if start and (text[start - 1].isdigit() or text[start - 1] == "_"):
        return ""
    return text[start:]


def kind_of(surface: str) -> str:
    if surface[0].isalpha():
        return surface.lower().replace("’", "'")
    if surface[0].isdigit():
        return NUMBER
    if surface[0] == "\n":
        return LINE
    return surface
