"""A text cut into the pieces that compression chooses among: sentences, lines of lists and of code. Pure."""

import re
from collections.abc import Iterator
from enum import IntFlag
from typing import NamedTuple

LONGEST = 400  # characters of one unit
CODE_LINES = 3  # of code that stay together


class Mark(IntFlag):
    """What can be seen of a unit without knowing the question."""

    CODE = 1
    QUOTE = 2
    NUMBER = 4
    DECISION = 8
    NAME = 16
    QUESTION = 32
    OUTLINE = 64  # of code its shape, of output its errors: what an outline keeps
    LEANS = 128  # hardly understood without what stands before it


_MARKS = tuple(map(Mark, range(256)))  # made once


class Unit(NamedTuple):
    """`text[start:end]` of the message."""

    start: int
    end: int
    marks: Mark


_FENCE = re.compile(r"^[ \t]*(```|~~~)")
_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s)|[。！？]+[”’」』]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|St|No|approx|z\.B)|^\s*\d+)\.$", re.MULTILINE
)
_PIECE = re.compile(r"[,;:\s]")
_OUTLINE = re.compile(
    r"^\s*(?:(?:export|public|private|static|async|pub|abstract|default)\s+)*"
    r"(?:def|class|function|fn|func|interface|struct|enum|trait|impl|type|import|from|package|module|CREATE"
    r"|SELECT|#include|const|@\w+)\b"
)
_TROUBLE_WORDS = "error exception traceback failed failure fatal panic warning denied refused"
_NUMBER = re.compile(r"\d")
_NAME = re.compile(r"(?<=[a-z0-9,;:)] )[A-ZÀ-Þ]\w+|\b[A-Z]{2,}\b|\b\w+[_-]\w+\b|\b[a-z]+[A-Z]\w*\b|`[^`]+`")
_DECISION_WORDS = (
    r"decid\w+ decision agree\w* settled? chos\w+ choose go(?:ing)?\ with let's we'll we\ will must never"
    r" always remember important prefer\w* instead change[ds]? no\ longer from\ now\ on as\ of correction"
    r" actually update[ds]? moved? switch\w* replac\w+ deadline due my\ name i\ am i'm i\ have is\ called"
    r" goal rule require\w* note\ that keep\ in\ mind not\ any\ ?more rather\ than final\w* confirmed?"
)
_LEANS = re.compile(
    r"^\W*(?:it|its|he|she|they|this|that|these|those|there|his|her|their|so|and|but|then|also|yes|no|ok(?:ay)?"
    r"|sure|exactly|right|both|neither|the (?:first|second|last|latter|former|other|same))\b",
    re.IGNORECASE,
)
SHORT = 5  # words: less says little alone
# The last two letters before the point of an abbreviation.
_ABBREVIATED = frozenset({"tc", "vs", "cf", "Mr", "rs", "Ms", "Dr", "St", "No", "ox"})


def _any_of(words: str) -> re.Pattern[str]:
    """Any of these, in lower case, from a word's beginning to a word's end. By their first letters: tried one
    after the other at each word they take five times as long."""
    begins: dict[str, list[str]] = {}
    for word in re.split(r"(?<!\\) ", words):
        begins.setdefault(word[0], []).append(word[1:])
    tree = "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in begins.items())
    return re.compile(rf"\b(?:{tree})\b")


def _whatever_case(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """For what is not ASCII: there, a text in lower case may be another one."""
    return re.compile(pattern.pattern, re.IGNORECASE)


_TROUBLE, _DECISION = _any_of(_TROUBLE_WORDS), _any_of(_DECISION_WORDS)
_TROUBLE_IN_ANY, _DECISION_IN_ANY = _whatever_case(_TROUBLE), _whatever_case(_DECISION)


def cut(text: str) -> list[Unit]:
    """In order, without gaps that are not white space; none is blank."""
    return list(_units(text))


def _units(text: str) -> Iterator[Unit]:
    at = 0
    fence = ""
    code: list[tuple[int, int]] = []
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        found = _FENCE.match(line)
        if found and (not fence or found[1] == fence):
            fence = "" if fence else found[1]
            if not fence:
                yield from _code(text, code)
                code = []
        elif fence:
            code.append((at, end))
        elif line.strip():
            yield from _line(text, at, end)
        at = end
    yield from _code(text, code)


def _code(text: str, lines: list[tuple[int, int]]) -> Iterator[Unit]:
    for place in range(0, len(lines), CODE_LINES):
        start, end = lines[place][0], lines[min(place + CODE_LINES, len(lines)) - 1][1]
        piece = text[start:end]
        if not piece.strip():
            continue
        marks = Mark.CODE
        if any(_OUTLINE.match(line) or _TROUBLE_IN_ANY.search(line) for line in piece.splitlines()):
            marks |= Mark.OUTLINE
        if _NUMBER.search(piece):
            marks |= Mark.NUMBER
        yield from (Unit(a, b, marks) for a, b in _bounded(text, start, end, indented=True))


def _line(text: str, start: int, end: int) -> Iterator[Unit]:
    """A line outside code: its sentences."""
    quoted = text[start:end].lstrip().startswith(">")
    begin = start
    for found in _END.finditer(text, start, end):
        at = found.end()
        if _may_abbreviate(text, at) and _ABBREVIATION.search(text, max(begin, at - 12), at):
            continue  # no end of a sentence: it goes on
        for a, b in _bounded(text, begin, at):
            yield Unit(a, b, marks(text[a:b]) | Mark.QUOTE if quoted else marks(text[a:b]))
        begin = at
    for a, b in _bounded(text, begin, end):
        yield Unit(a, b, marks(text[a:b]) | Mark.QUOTE if quoted else marks(text[a:b]))


def _bounded(text: str, start: int, end: int, indented: bool = False) -> Iterator[tuple[int, int]]:
    """Without white space at the ends (but what code is indented by), in pieces of at most LONGEST
    characters, cut between words."""
    while end > start and text[end - 1].isspace():
        end -= 1
    while start < end and (text[start] in "\r\n" or (not indented and text[start].isspace())):
        start += 1
    while end - start > LONGEST:
        cuts = [found.end() for found in _PIECE.finditer(text, start + LONGEST // 2, start + LONGEST)]
        place = cuts[-1] if cuts else start + LONGEST
        yield start, place
        start = place
    if text[start:end].strip():
        yield start, end


def _may_abbreviate(text: str, at: int) -> bool:
    """Whether what ends at `at` can be an abbreviation at all."""
    if text[at - 1] != ".":
        return False
    before = text[max(at - 3, 0) : at - 1]
    return len(before) < 2 or not before.isalpha() or before in _ABBREVIATED


def marks(sentence: str) -> Mark:
    found = 0
    if _NUMBER.search(sentence):
        found |= _IS_NUMBER
    if sentence.isascii():
        lower = sentence.lower()
        decides, troubles = _DECISION.search(lower), _TROUBLE.search(lower)
        # A name has a capital that does not begin the sentence, or one of three signs.
        may_name = sentence[1:] != lower[1:] or "_" in lower or "-" in lower or "`" in lower
    else:
        decides, troubles = _DECISION_IN_ANY.search(sentence), _TROUBLE_IN_ANY.search(sentence)
        may_name = True
    if decides:
        found |= _IS_DECISION
    if may_name and _NAME.search(sentence):
        found |= _IS_NAME
    if sentence.rstrip(" \"'”’)*_").endswith(("?", "？")):
        found |= _IS_QUESTION
    if troubles:
        found |= _IS_OUTLINE
    if sentence.count(" ") < SHORT - 1 or _LEANS.match(sentence):
        found |= _LEANS_ON
    return _MARKS[found]


# Numbers: an operation on an IntFlag takes longer than what it decides.
_IS_NUMBER, _IS_DECISION, _IS_NAME = Mark.NUMBER.value, Mark.DECISION.value, Mark.NAME.value
_IS_QUESTION, _IS_OUTLINE, _LEANS_ON = Mark.QUESTION.value, Mark.OUTLINE.value, Mark.LEANS.value
