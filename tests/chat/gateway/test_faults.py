"""A thousand turns while a fifth of all upstream requests go wrong; `python -m tests.bench faults` asks ten
thousand."""

import asyncio

import pytest

from tests.bench.faults import Report, run

TURNS = 1_000


@pytest.fixture(scope="module")
def report() -> Report:
    with asyncio.Runner() as runner:
        return runner.run(asyncio.wait_for(run(TURNS), 90))


def test_a_fifth_of_the_requests_went_wrong_in_every_way(report: Report) -> None:
    assert 0.1 < report.faults / report.requests < 0.3
    assert report.switched > 50
    assert report.continued > 50


def test_practically_every_turn_ends_as_a_whole_answer(report: Report) -> None:
    assert report.whole >= 0.999 * TURNS, report.failed


def test_no_text_is_doubled_missing_or_altered(report: Report) -> None:
    assert report.wrong == []


def test_no_turn_outlives_its_deadline(report: Report) -> None:
    assert report.outlived == 0


def test_nothing_is_left_open_upstream(report: Report) -> None:
    assert report.left_open == 0


def test_what_is_billed_is_what_was_sent(report: Report) -> None:
    assert report.overbilled == 0
    # On a machine that stands still for longer than a clock allows, an answer may be given up with words
    # of it on the way: sent, and never heard.
    assert report.underbilled <= 0.005 * TURNS
