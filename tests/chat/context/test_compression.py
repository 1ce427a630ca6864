"""What of a conversation is sent: never without the request, never too much, and never silently less."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.context import digest
from chat.context.choosing import Known
from chat.context.compression import extract, fit, newest
from chat.context.whole import Told, cost
from tests.chat.context.conversations import Said, a_conversation, said, texts, tokens

CODE = "The code of the cellar door is 4711."
ASKED = "Which code opens the cellar door?"

anything = st.builds(
    said,
    st.sampled_from(["user", "assistant", "system"]),
    st.text(min_size=1, max_size=400),
    st.integers(0, 5000),
    st.booleans(),
)
conversations = st.lists(anything, min_size=1, max_size=14)


@settings(deadline=None, max_examples=60)
@given(conversations, st.integers(1, 1500))
@pytest.mark.parametrize("way", [fit, newest])
def test_whatever_is_said_the_request_is_last_and_the_rest_fits(way, lines: list[Said], budget: int) -> None:
    fitted = way(lines, budget)
    assert fitted.pieces[-1] == len(lines) - 1
    fixed = [line for line in lines[:-1] if line.role == "system"]
    least = sum(map(cost, [*fixed, lines[-1]]))
    assert tokens(lines, fitted) <= max(budget, least)
    places = [piece for piece in fitted.pieces if isinstance(piece, int)]
    assert len(places) == len(set(places))
    assert {place for place, line in enumerate(lines[:-1]) if line.role == "system"} <= set(places)
    whole = len(places) == len(lines)
    assert (fitted.shortened is None) == (whole and len(fitted.pieces) == len(lines))
    if (note := fitted.shortened) is not None:
        assert note.whole + note.parts + note.out == len(lines)
        assert note.whole == len(places)


def test_what_fits_is_sent_as_it_is():
    lines = a_conversation(10)
    fitted = fit(lines, 100_000)
    assert fitted.pieces == tuple(range(11))
    assert fitted.shortened is None


def test_a_sentence_from_long_ago_comes_back_when_it_is_asked_for():
    lines = a_conversation(80, at4=f"{CODE} Keep it secret.", question=ASKED)
    sent = texts(lines, fit(lines, 900))
    assert not any(CODE in text for text in texts(lines, newest(lines, 900)))
    assert CODE in sent[-2]
    assert "[2026-03-02 09:04] User: " in sent[-2]
    assert sent[-1] == ASKED


def test_a_sentence_that_leans_on_the_one_before_it_brings_it_along():
    lines = a_conversation(
        80, at4="I met Kestrel's keeper. It answers on 9417.", question="Where is Kestrel?"
    )
    assert "Kestrel's keeper. It answers on 9417." in texts(lines, fit(lines, 700))[-2]


def test_a_short_answer_is_found_by_the_question_before_it():
    lines = a_conversation(80, at5="Which code opens the cellar?", at6="4711, of course.", question=ASKED)
    assert "4711" in texts(lines, fit(lines, 800))[-2]


def test_what_is_chosen_stays_in_order_with_its_speakers():
    lines = a_conversation(
        80,
        at4="The cellar door is green.",
        at9="The cellar door is locked.",
        question="What about the cellar door?",
    )
    chosen = texts(lines, fit(lines, 900))[-2]
    assert chosen.index("User: The cellar door is green.") < chosen.index(
        "Assistant: The cellar door is locked."
    )


def test_what_is_pinned_stays_word_for_word():
    lines = a_conversation(80)
    lines[7] = replace(lines[7], pinned=True)
    fitted = fit(lines, 900)
    assert 7 in fitted.pieces
    assert fitted.shortened.unpinned == 0


def test_pins_without_room_are_counted_and_the_newest_have_it():
    lines = [replace(line, pinned=True) for line in a_conversation(80)]
    fitted = fit(lines, 900)
    assert fitted.shortened.unpinned > 0
    assert {78, 79} <= set(fitted.pieces)


def test_what_was_said_twice_is_sent_once():
    again = f"{CODE} It hangs beside the old oak barrels."
    lines = a_conversation(80, at4=again, at20=again, at30=f"> {again}", question=ASKED)
    assert "\n".join(texts(lines, fit(lines, 1200))).count(CODE) == 1


def test_the_beginning_of_the_prompt_stays_while_the_conversation_goes_on():
    lines = a_conversation(160)
    prefixes = []
    for grown in range(100, 160):
        here = [*lines[:grown], lines[-1]]
        prefixes.append(texts(here, fit(here, 3000))[:-2])  # without the choice and the request
    kept = sum(after[: len(before)] == before for before, after in pairwise(prefixes))
    assert kept >= 0.8 * len(prefixes)


def test_a_summary_is_sent_where_it_tells_of_what_is_left_out():
    lines = a_conversation(80)
    fitted = fit(lines, 1200, known=Known(summary=Told(20, "They sailed west.", 8)))
    assert "They sailed west." in texts(lines, fitted)[0]
    assert fitted.shortened.summarised == 21
    newer = fit(lines, 1200, known=Known(summary=Told(79, "They sailed west.", 8)))
    assert not any("They sailed west." in text for text in texts(lines, newer))


def test_meaning_finds_what_no_word_finds():
    lines = a_conversation(60, at4="The feline slept on the sill.", question="Where was the cat?")
    digests = {place: digest.make(line.text) for place, line in enumerate(lines)}
    vectors = {
        place: digest.pack_vectors([[1.0, 0.0]] if place == 4 else [[0.0, 1.0]] * len(passages))
        for place, line in enumerate(lines)
        if (passages := digest.texts_of(line.text, digests[place]))
    }
    known = Known(digests, vectors, digest.unit_of([1.0, 0.1]))
    assert "The feline slept on the sill." in texts(lines, fit(lines, 600, known=known))[-2]


def test_digests_that_are_known_and_those_that_are_made_choose_alike():
    lines = a_conversation(60, at4=CODE, question=ASKED)
    packed = {place: digest.make(line.text).pack() for place, line in enumerate(lines)}
    known = Known({place: digest.unpack(data) for place, data in packed.items()})
    assert fit(lines, 700, known=known) == fit(lines, 700)


def test_a_digest_of_another_version_is_none():
    packed = bytearray(digest.make(CODE).pack())
    packed[0] += 1
    assert digest.unpack(bytes(packed)) is None
    assert digest.unpack(b"") is None


def test_an_extract_tells_the_most_in_the_room_that_it_has():
    lines = a_conversation(60, at4="We decided to sail on 14 May with 30 people, never later.")
    assert "14 May" in extract(lines, 400)
    assert extract(lines, 10) == ""
