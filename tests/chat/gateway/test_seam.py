"""The seam: what was said is not said again, however the stream is cut."""

from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.seam import LEAST, Seam, overlap

SHOWN = "The quick brown fox jumps over the lazy"


def through(seam: Seam, pieces: list[str]) -> str:
    return "".join(seam.feed(piece) for piece in pieces) + (seam.rest() if seam.open else "")


def test_repeated_words_are_removed() -> None:
    assert overlap(SHOWN, "jumps over the lazy dog.") == len("jumps over the lazy")


def test_a_short_repetition_may_be_meant() -> None:
    assert overlap("ha ha", "ha ha!") == 0


def test_a_fresh_continuation_passes_unchanged() -> None:
    assert through(Seam(SHOWN), [" dog", "."]) == " dog."


def test_text_is_let_go_as_soon_as_it_cannot_be_a_repetition() -> None:
    assert Seam(SHOWN).feed(" dog") == " dog"


def test_with_nothing_shown_everything_passes() -> None:
    assert not Seam("").open


def test_a_repetition_cut_in_two_is_removed_whole() -> None:
    assert through(Seam(SHOWN), ["jumps ov", "er the la", "zy dog"]) == " dog"


def test_a_stream_that_ends_while_it_repeats_loses_nothing_else() -> None:
    assert through(Seam(SHOWN), ["quick brown"]) == "quick brown"


# Few letters, so that there is much to repeat.
_words = st.text("ab ", max_size=60)


@given(_words, st.lists(st.text("ab ", max_size=8), max_size=12))
def test_however_it_is_cut_the_rest_is_the_same(shown: str, pieces: list[str]) -> None:
    whole = "".join(pieces)
    assert through(Seam(shown), pieces) == whole[overlap(shown, whole) :]


@given(st.text(min_size=LEAST), st.integers(LEAST, 60), st.text())
def test_a_repeated_end_never_shows_twice(shown: str, length: int, fresh: str) -> None:
    repeated = shown[-length:]
    assert through(Seam(shown), [repeated, fresh]) == (repeated + fresh)[overlap(shown, repeated + fresh) :]
    assert overlap(shown, repeated + fresh) >= len(repeated)
