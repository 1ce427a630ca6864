"""The parts of the export that are pure: judging, twins, splitting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.training_data import twins
from chat.training_data.gathering import Said, Talk
from chat.training_data.judging import LONGEST, Rules, judge
from chat.training_data.splitting import for_validation

GOOD = "An answer that is long enough to learn something from it."


def asked(text: str = "Why?") -> Said:
    return Said("user", text)


def answered(text: str = GOOD, **differs) -> Said:
    return Said(
        "assistant", text, **{"state": "complete", "finish_reason": "stop", "model": "nim/one", **differs}
    )


def judged(*said: Said, **rules):
    return judge(Talk(1, (), "", said), Rules(**rules))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered(thumb=False), "thumb down"),
        (answered(own=False), "brought along in a file"),
        (answered(state="stopped"), "stopped, interrupted or failed"),
        (answered(state="interrupted"), "stopped, interrupted or failed"),
        (answered(state="failed"), "stopped, interrupted or failed"),
        (answered(finish_reason="content_filter"), "refused"),
        (answered(finish_reason="length"), "cut off"),
        (answered("I'm sorry, but I can't help with that request."), "refused"),
        (answered("As an AI language model, I cannot have opinions on it."), "refused"),
        (answered("Es tut mir leid, dabei kann ich dir nicht helfen."), "refused"),
        (answered(cached="semantic"), "another question's answer"),
        (answered("Yes."), "too short"),
        (answered(" \n"), "no answer"),
        (answered("x" * LONGEST), "too long"),
    ],
)
def test_an_answer_that_teaches_nothing_ends_it_with_the_reason(answer, why):
    assert judged(asked(), answered(), asked(), answer, asked(), answered()).why == why
    assert len(judged(asked(), answered(), asked(), answer).said) == 2
    assert judged(asked(), answer).said == ()


@pytest.mark.parametrize(
    "text",
    [
        "Sorry for the confusion: the tide follows the moon, not the sun, for most of the day.",
        "You can't divide by zero because no number times zero gives one.",
        "Unfortunately named, the Dead Sea is a lake of salt between two countries.",
    ],
)
def test_a_good_answer_may_be_sorry(text):
    assert judged(asked(), answered(text)).why == ""


def test_a_question_without_an_answer_ends_it():
    assert judged(asked(), answered(), asked()).said == (asked(), answered())
    assert judged(asked(), asked("And?"), answered()).why == "no answer"
    assert judged().why == "nothing said"


def test_of_a_conversation_nobody_liked_nothing_is_kept_where_that_is_asked():
    assert judged(asked(), answered(), liked=True).why == "no thumb up"
    assert judged(asked(), answered(thumb=True), liked=True).said
    # A thumb on what was cut away is none.
    assert not judged(asked(), answered(), asked(), answered("No.", thumb=True), liked=True).said


def test_a_pattern_chooses_models():
    assert judged(asked(), answered(), models=("nim/*",)).said
    assert judged(asked(), answered(model="acme/best"), models=("nim/*",)).why == "another model"


# --- Twins ---------------------------------------------------------------------------------------


def clusters(*texts: str, alike: float = 0.8) -> list[int]:
    return twins.clusters(b"".join(twins.signature(text, 1) for text in texts), alike)


def words(begin: int, end: int) -> str:
    return " ".join(f"w{number}" for number in range(begin, end))


def test_a_few_words_more_make_no_other_text_and_other_words_do():
    assert clusters(words(0, 200), words(300, 500), words(0, 205), words(2, 201)) == [0, 1, 0, 0]


def test_what_is_like_a_third_one_is_together():
    one, middle, other = words(0, 200), words(15, 215), words(30, 230)
    found = clusters(one, middle, other)
    assert found == [0, 0, 0]
    assert clusters(one, other) == [0, 1]


def test_a_script_without_spaces_is_told_apart_too():
    tides = "潮汐は月と太陽の引力によって生じる海面の周期的な昇降現象であり一日に二回起こることが多い。" * 2
    bees = "蜜蜂は花の蜜を集めて巣に貯え女王蜂と働き蜂と雄蜂からなる社会を営む昆虫として知られている。" * 2
    assert clusters(tides, bees, f"{tides}そうです") == [0, 1, 0]


def test_nothing_and_one_are_no_twins():
    assert clusters() == []
    assert clusters("") == [0]
    assert twins.exact("Two  Words\n") == twins.exact("two words")
    assert twins.exact("two words") != twins.exact("two, words")


# --- Splitting -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(0, 10**6), st.integers(1, 50), max_size=40),
    st.floats(0, 0.5),
    st.integers(0, 5),
)
def test_validation_has_at_most_its_share_and_leaves_somebody_to_train_on(conversations, share, seed):
    chosen = for_validation(conversations, share, seed)
    assert chosen == for_validation(dict(reversed(conversations.items())), share, seed)
    taken = sum(conversations[person] for person in chosen)
    if len(chosen) > 1:
        assert taken <= share * sum(conversations.values())
    if conversations:
        assert len(chosen) < len(conversations)
    if len(conversations) > 1 and share > 0:
        assert chosen
