"""A text is cut where a reader would."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.context.terms import stem, terms
from chat.context.units import LONGEST, Mark, cut


def pieces(text: str) -> list[str]:
    return [text[unit.start : unit.end] for unit in cut(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It costs 3.14 dollars, Dr. Who. Really.", ["It costs 3.14 dollars, Dr. Who.", "Really."]),
        ("e.g. this one\n\nAnd that", ["e.g. this one", "And that"]),
        ("1. First. Then.\n2. Second", ["1. First.", "Then.", "2. Second"]),
        ("你好世界。今天很好。", ["你好世界。", "今天很好。"]),
        ("  \n\n ", []),
    ],
)
def test_sentences_and_lines_are_units(text, found):
    assert pieces(text) == found


def test_code_stays_in_lines_and_shows_its_shape():
    units = cut("Look:\n```python\ndef f(x):\n    y = x\n    return y\n\nz = 1\n```\nDone.")
    assert [bool(unit.marks & Mark.CODE) for unit in units] == [False, True, True, False]
    assert units[1].marks & Mark.OUTLINE
    assert not units[2].marks & Mark.OUTLINE


@given(st.text(max_size=2000))
def test_whatever_is_written_nothing_but_white_space_and_fences_is_lost(text):
    units = cut(text)
    assert all(unit.end - unit.start <= LONGEST and text[unit.start : unit.end].strip() for unit in units)
    assert all(before.end <= after.start for before, after in pairwise(units))
    between = [
        text[a:b]
        for a, b in zip([0, *(u.end for u in units)], [*(u.start for u in units), len(text)], strict=True)
    ]
    assert all(not gap.strip() or "```" in gap or "~~~" in gap for gap in between)


def test_marks_say_what_can_be_seen():
    [decision] = cut("We decided to leave at 9.")
    assert decision.marks & Mark.DECISION
    assert decision.marks & Mark.NUMBER
    [leaning] = cut("It was there before us, and so on.")
    assert leaning.marks & Mark.LEANS


def test_words_of_one_stem_are_one_term():
    assert terms("He listened") == terms("she listens") == terms("Listening!")
    assert stem("studies") == stem("study")
    assert terms("of the and") == []
    assert len(set(terms("max-size"))) == 3
    assert set(terms("数据库")) & set(terms("数据"))
