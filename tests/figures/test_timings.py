"""What a browser may send, and that nothing else gets in."""

import math

import pytest

from figures.timings import MOST_TIMINGS, Unusable, page_of, read, token_for


def a_batch(*timings, **more):
    shape = {"page": token_for("chat", "r1", "batch:25"), "device": "phone", "timings": list(timings)}
    return read(shape | more, {"groq"})


def test_a_timing_bears_what_the_token_says_of_its_page():
    batch = a_batch(["LCP", 0, 900], ["SEND_TO_PAINT", 3, 120, "groq"])
    assert (batch.page.route, batch.page.release, batch.page.variants) == ("chat", "r1", "batch:25")
    assert [(one.key, one.value, one.provider) for one in batch.timings] == [
        ("LCP.0", 900.0, ""),
        ("SEND_TO_PAINT.3", 120.0, "groq"),
    ]


@pytest.mark.parametrize(
    ("timing", "why"),
    [
        (["LCP", 0, -1], "range"),
        (["LCP", 0, 120_001], "range"),
        (["LCP", 0, math.nan], "range"),
        (["LCP", 0, math.inf], "range"),
        (["LCP", 0, True], "range"),
        (["LCP", 0, "900"], "range"),
        (["LCP", 1, 900], "number"),
        (["FRAME", 200, 17], "number"),
        (["FRAME", 0.5, 17], "number"),
        (["__proto__", 0, 1], "name"),
        ([["LCP"], 0, 1], "name"),
        (["SEND_TO_PAINT", 0, 1, "nobody"], "provider"),
        (["SEND_TO_PAINT", 0, 1, ["groq"]], "provider"),
        (["LCP", 0], "shape"),
        ("LCP", "shape"),
        (None, "shape"),
    ],
)
def test_one_that_makes_no_sense_is_dropped_and_its_neighbours_are_kept(timing, why):
    batch = a_batch(timing, ["FCP", 0, 500])
    assert batch.dropped == [why]
    assert [one.name for one in batch.timings] == ["FCP"]


@pytest.mark.parametrize(
    "shape",
    [
        None, [], "x", 7, {}, {"timings": {}}, {"timings": [], "page": None},
        {"timings": [], "page": "forged"},
        {"timings": [], "page": token_for("chat", "r", "")[:-2] + "xx"},
        {"timings": [], "page": "x" * 100_000},
        {"timings": [], "page": token_for("chat", "r", ""), "device": "toaster"},
        {"timings": [["LCP", 0, 1]] * (MOST_TIMINGS + 1), "page": token_for("chat", "r", "")},
    ],
)  # fmt: skip
def test_of_a_batch_that_makes_no_sense_nothing_is_kept(shape):
    with pytest.raises(Unusable):
        read(shape, set())


def test_a_token_of_anything_else_that_we_sign_is_none():
    from django.core import signing

    with pytest.raises(Unusable):
        page_of(signing.dumps(["id", "chat", "r", ""], salt="another"))
    with pytest.raises(Unusable):
        page_of(signing.dumps(["too", "few"], salt="figures.timings"))
