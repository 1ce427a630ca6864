"""What is suggested for a text: from the shipped model, from one's own words, and from nothing."""

import pytest

from chat.prediction.code import complete
from chat.prediction.heeding import heard
from chat.prediction.matching import Said
from chat.prediction.personal import Counts
from chat.prediction.shipped import pack, shipped, unpack
from chat.prediction.suggest import MOST, Sources, Suggestion, suggest
from chat.prediction.tokens import typed
from chat.prediction.typos import correct


def sources(*texts: str, kind: str = "history") -> Sources:
    own, said = Counts(), Said()
    for text in texts:
        own.add(text)
        said.add(text, kind)
    return Sources(shipped().general, shipped().weights, own, said)


def texts_for(typed_text: str, *before: str, threshold: float = 0.7) -> list[str]:
    return [one.text for one in suggest(typed_text, sources(*before), threshold)]


def test_a_word_that_everybody_writes_is_completed():
    assert "lowing" in texts_for("Answer the fol")


def test_capitals_go_on_as_they_were_begun():
    assert "LOWING" in texts_for("ANSWER THE FOL")


@pytest.mark.parametrize(
    "text", ["", "x", "qzx", "42", "```", "\n\n", "a_b", "don't", "«", "日本", "🙂", " " * 50]
)
def test_nothing_that_is_typed_breaks_it(text):
    for one in suggest(text, sources("one two three four"), 0.7):
        assert one.confidence >= 0.7


def test_there_are_at_most_three_and_none_below_the_threshold():
    told = ["Please send the weekly report to the whole team before noon"] * 6
    found = suggest("Please send the weekly rep", sources(*told), 0.7)
    assert 0 < len(found) <= MOST
    assert all(one.confidence >= 0.7 for one in found)
    assert suggest("Please send the weekly rep", sources(*told), 0.9999) == []


def test_what_is_said_again_and_again_is_suggested_as_a_whole():
    told = [
        f"Summarise the standup notes for the platform team {n}" for n in ("today", "now", "please", "again")
    ]
    found = texts_for("Summarise the standup no", *told)
    assert any(one.startswith("tes for the") for one in found)


def test_what_was_said_once_is_not_taken_for_a_habit():
    assert not any(
        " " in one for one in texts_for("My zebra likes qu", "My zebra likes quiet evenings alone")
    )


def test_a_kept_prompt_is_named_as_one():
    kept = sources(*["Proofread the minutes below and keep every name as it is"] * 2, kind="library")
    kinds = {one.kind for one in suggest("Proofread the minutes below and keep ev", kept, 0.7)}
    assert "library" in kinds


def test_a_longer_match_is_trusted_more():
    said = Said()
    assert said.trust(3) < said.trust(5) < said.trust(10)


def test_a_person_who_never_repeats_themselves_makes_matches_less_trusted():
    said = Said()
    for number in range(12):
        said.add(f"tell me {chr(97 + number) * 4}")
    assert said.trust(3) < Said().trust(3)


def test_texts_beyond_the_bound_are_not_kept():
    counts, said = Counts(most=20), Said(most=20)
    for number in range(50):
        counts.add(f"word{'x' * number} another thing entirely")
        said.add(f"word{'x' * number} another thing entirely")
    assert counts.size < 40
    assert said.size <= 20


def test_a_slip_of_the_fingers_is_put_right():
    (found,) = correct("Explain the diffrence ", sources(), 0.7)
    assert (found.text, found.kind, found.replaces) == ("difference ", "typo", len("diffrence "))


@pytest.mark.parametrize(
    "text", ["My name is Katarzyna ", "Kubernetes ", "foo ", "Explain the difference ", "JSNO "]
)
def test_names_terms_and_right_words_are_left_alone(text):
    assert correct(text, sources(), 0.7) == []


def test_ones_own_words_are_no_slips():
    assert correct("the diffrence ", sources("a diffrence of ours"), 0.7) == []


def test_code_goes_on_only_inside_a_fence():
    line = "from djan"
    assert complete(line, shipped().lines, 0.7) == []
    (found,) = complete(f"Mend this:\n```python\n{line}", shipped().lines, 0.7)
    assert found.text.startswith("go")
    assert found.kind == "code"
    assert complete(f"```python\nx = 1\n```\n{line}", shipped().lines, 0.7) == []


def test_a_kind_that_is_often_wrong_for_somebody_is_believed_less():
    one = Suggestion("tion", 0.8, "general")
    assert heard(one, {}).confidence == 0.8
    assert heard(one, {"general": (200, 60, 160.0)}).confidence < 0.5
    assert heard(one, {"general": (200, 160, 160.0)}).confidence == pytest.approx(0.8)
    assert heard(one, {"history": (200, 0, 160.0)}).confidence == 0.8


def test_the_file_reads_back_as_it_was_written():
    again = unpack(pack(shipped()))
    assert again.general.words == shipped().general.words
    assert again.general.triples == shipped().general.triples
    assert again.weights == shipped().weights
    with pytest.raises(ValueError):
        unpack(b"something else")


def test_the_probabilities_of_a_place_are_one_together():
    general = shipped().general
    before = typed("What is the ").tokens
    own = Counts()
    own.add("What is the weather")
    from chat.prediction.general import Place

    place = own.after(before, Place(general, before), 0.1)
    letters = sum(place.mass(letter) for letter in "abcdefghijklmnopqrstuvwxyz")
    assert 0.8 < letters <= 1.0
    assert place.mass("weath") >= place.probability("weather") > Place(general, before).probability("weather")
