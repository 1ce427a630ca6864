"""How many tokens a text has, about: what five tokenizers say is written beside the texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.counting import FEATURES, count_tokens, features

ENGLISH = (
    "A socket, a view, a task, a command is a door: it parses, calls, answers. The work is in named "
    "functions behind it, which can be tested without a network, and most of them without a database."
)
CODE = (
    "def fit(lines: list[str], window: int) -> list[str]:\n"
    "    return [line for line in lines if line][:window]"
)
CHINESE = "您好，请问明天北京的天气怎么样？我打算和朋友一起去爬山，不知道会不会下雨。"
RUSSIAN = "Пожалуйста, объясните простыми словами, как работает двигатель внутреннего сгорания."


@pytest.mark.parametrize(
    ("text", "least", "most"),  # of o200k, cl100k, tekken, voyage3 and smollm2
    [
        (ENGLISH, 47, 48),
        (CODE, 28, 32),
        (CHINESE, 21, 69),
        (RUSSIAN, 19, 67),
    ],
)
def test_a_count_is_not_far_from_what_tokenizers_say(text: str, least: int, most: int) -> None:
    assert 0.85 * least <= count_tokens(text) <= 1.15 * most


@given(st.text())
def test_only_an_empty_text_has_no_tokens_and_none_has_more_than_bytes(text: str) -> None:
    assert (count_tokens(text) == 0) == (text == "")
    assert count_tokens(text) <= len(text.encode("utf-8", "replace"))


@given(st.text(), st.text(min_size=1))
def test_more_text_is_never_fewer_tokens(text: str, more: str) -> None:
    assert count_tokens(f"{text} {more}") >= count_tokens(text)


def test_a_half_of_a_character_is_counted_like_any_other() -> None:
    assert count_tokens("\ud83d") == 1


@given(st.text())
def test_every_character_is_of_one_kind(text: str) -> None:
    found = dict(zip(FEATURES, features(text), strict=True))
    del found["words"]
    assert sum(found.values()) == len(text)
