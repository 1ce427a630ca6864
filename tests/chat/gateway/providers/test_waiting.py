"""How long to wait, in every spelling."""

import pytest

from chat.gateway.providers.waiting import duration_s, retry_after_s

DATE = "Tue, 24 Nov 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Tue, 24 Nov 2026 00:00:30 GMT", "date": DATE}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 00:00:30 GMT", "date": DATE}, 0),
        ({"retry-after": "Mon, 23 Nov 2020 00:00:30 GMT"}, 0),
        ({"retry-after": "-3"}, 0),
    ],
)
def test_a_header_says_how_long(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_s(headers) == seconds


def test_the_finest_hint_comes_first_and_the_body_last() -> None:
    headers = {"retry-after-ms": "100", "x-ms-retry-after-ms": "200", "retry-after": "3"}
    assert retry_after_s(headers, 9.0) == 0.1
    del headers["retry-after-ms"]
    assert retry_after_s(headers, 9.0) == 0.2
    del headers["x-ms-retry-after-ms"]
    assert retry_after_s(headers, 9.0) == 3
    assert retry_after_s({}, 9.0) == 9


@pytest.mark.parametrize("nonsense", ["", "soon", "nan", "inf", "1e999", "Tue, 99 Foo", "\x00"])
def test_what_cannot_be_understood_is_nothing(nonsense: str) -> None:
    assert retry_after_s({"retry-after": nonsense, "retry-after-ms": nonsense}) is None


def test_openai_resets_are_durations_of_the_limit_that_is_used_up() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "12",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "12ms",
    }
    assert retry_after_s(headers) == pytest.approx(0.012)
    assert retry_after_s({**headers, "x-ratelimit-remaining-requests": "0"}) == 360
    assert retry_after_s({**headers, "x-ratelimit-remaining-tokens": "5"}) is None


def test_anthropic_resets_are_moments() -> None:
    headers = {
        "date": DATE,
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-24T00:01:05Z",
    }
    assert retry_after_s(headers) == 65
    assert retry_after_s({**headers, "anthropic-ratelimit-input-tokens-reset": "Tomorrow"}) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("12ms", 0.012), ("45.837906927s", 45.837906927), ("1h2m3s", 3723), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "12", "12 parsecs", "1m soon", "-5s"])
def test_what_is_no_duration(text: str) -> None:
    assert duration_s(text) is None
