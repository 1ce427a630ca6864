"""What of a conversation is sent."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from chat.context.window import fit
from chat.gateway.counting import count_tokens


@dataclass(frozen=True)
class Said:
    text: str


conversations = st.lists(st.builds(Said, st.text(max_size=300)), min_size=1, max_size=20)


@given(conversations, st.integers(1, 3000))
def test_what_is_kept_is_the_newest_part_and_leaves_room_for_an_answer(
    lines: list[Said], window: int
) -> None:
    kept = fit(lines, window)
    assert kept
    assert kept == lines[-len(kept) :]
    if len(kept) > 1:
        assert sum(count_tokens(line.text) for line in kept) <= window * 3 // 4 + 1


@given(conversations)
def test_a_window_that_holds_all_of_it_drops_nothing(lines: list[Said]) -> None:
    assert fit(lines, 100_000) == lines


def test_a_chinese_conversation_is_not_taken_for_a_quarter_of_what_it_is() -> None:
    lines = [Said("你好世界，今天天气很好。" * 50)] * 10  # some 600 tokens each
    assert len(fit(lines, 4096)) < 6
