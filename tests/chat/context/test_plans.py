"""A fit travels as JSON, and its key knows of everything that went into it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from chat.context import plans
from chat.context.compression import fit
from chat.history import Line

AT = datetime(2026, 3, 2, tzinfo=UTC)
LINES = [
    Line("user", f"Something about ship {number} and its long way home.", 12, UUID(int=number), AT)
    for number in range(1, 40)
]


def test_a_fit_is_read_as_it_was_spelt():
    fitted = fit(LINES, 200)
    assert fitted.shortened.ranges
    assert plans.read(orjson.loads(orjson.dumps(plans.spell(fitted))), len(LINES)) == fitted
    whole = fit(LINES, 10_000)
    assert plans.read(plans.spell(whole), len(LINES)) == whole


@pytest.mark.parametrize("pieces", [[], [0, 1], [["user", "made up"]], [99, 38], [-1, 38]])
def test_a_plan_that_loses_the_request_is_none(pieces):
    with pytest.raises(ValueError):
        plans.read({"pieces": pieces}, len(LINES))


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Something else."},
        {"role": "assistant"},
        {"pinned": True},
        {"tokens": 13},
        {"id": UUID(int=99)},
    ],
)
def test_whatever_changes_changes_the_key(other):
    changed = [*LINES[:5], replace(LINES[5], **other), *LINES[6:]]
    assert plans.key_of(changed, 200, "q") != plans.key_of(LINES, 200, "q")


def test_budget_question_and_what_was_worked_out_change_what_is_found_again():
    key = plans.key_of(LINES, 200, "q")
    assert key == plans.key_of(list(LINES), 200, "q")
    assert len({key, plans.key_of(LINES, 201, "q"), plans.key_of(LINES, 200, "p")}) == 3
    embedded = [replace(LINES[0], embedded=True), *LINES[1:]]
    summarised = [replace(LINES[0], summarised=True), *LINES[1:]]
    assert len({plans.cache_key(key, lines) for lines in (LINES, embedded, summarised)}) == 3


def test_exact_counts_are_taken_where_every_tokenizer_has_counted():
    line = Line("user", "x", 100, counts={"o200k": 90, "qwen": 120})
    assert plans.counted([line], ["o200k"])[0].tokens == 90
    assert plans.counted([line], ["o200k", "qwen"])[0].tokens == 120
    assert plans.counted([line], ["", "o200k"])[0].tokens == 111  # the estimate, with caution
    assert plans.counted([replace(line, counts={})], ["o200k"])[0].tokens == 111
