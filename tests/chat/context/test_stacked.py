"""What grows with a conversation is what would be put together anew."""

from dataclasses import fields
from random import Random

import numpy
import pytest

from chat.context import digest
from chat.context.scoring import bm25, cosines
from chat.context.stacked import Stacked, embedded, stack
from chat.context.terms import terms

WIDTH = 4
SENTENCES = (
    "The captain mended the sail on day 12.",
    "Was the harbour closed?",
    "> The captain mended the sail on day 12.",
    "It was, until the storm had gone.",
    "We decided to go with the red anchor.",
)


@pytest.fixture(scope="module")
def told():
    """Digests and vectors: of messages with no, some and many sentences; embedded once, twice or not yet."""
    dice = Random(4)
    texts = ["", *(" ".join(dice.choices(SENTENCES, k=dice.choice((1, 2, 14)))) for _ in range(40)), ""]
    digests = [digest.make(text) for text in texts]
    vectors = []
    for one in digests:
        count = len(digest.passages(one.starts.tolist(), one.stops.tolist()))
        made = dice.choice((0, 1, 2)) if count == 1 else count
        rows = [[dice.gauss(0, 1) for _ in range(WIDTH)] for _ in range(made)]
        vectors.append(digest.pack_vectors(rows) if rows else b"")
    return digests, vectors


def same(one, other) -> bool:
    if not hasattr(one, "__dataclass_fields__"):
        return numpy.array_equal(one, other)
    return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def test_what_has_grown_is_what_is_made_anew(told):
    digests, vectors = told
    kept = Stacked()
    for count in (0, 1, 7, 7, 30, len(digests), 12, 20):
        here, own = digests[:count], vectors[:count]
        assert same(kept.stack(here), stack(here))
        assert same(kept.passages(here, own, WIDTH), embedded(here, own, WIDTH))


def test_what_was_embedded_since_is_seen(told):
    digests, vectors = told
    kept = Stacked()
    kept.passages(digests, [b""] * len(digests), WIDTH)
    assert same(kept.passages(digests, vectors, WIDTH), embedded(digests, vectors, WIDTH))


def test_another_conversation_begins_anew(told):
    digests, _ = told
    kept = Stacked()
    kept.stack(digests)
    assert same(kept.stack(digests[::-1]), stack(digests[::-1]))


def test_who_has_a_term_is_found_as_often_as_it_is_said(told):
    digests, _ = told
    units = stack(digests)
    for word in ("captain", "storm", "nobody"):
        (term,) = terms(word)
        assert units.having(term).tolist() == units.of_term[units.terms == term].tolist()
        assert (bm25(units, [(term, 1.0)]) > 0).sum() == len(set(units.having(term).tolist()))


def test_a_message_of_few_words_is_found_with_what_it_answers_and_without():
    own = digest.make("A bird feeder.")
    assert digest.texts_of("A bird feeder.", own, "What does Selim wish for?") == [
        "What does Selim wish for?\nA bird feeder.",
        "A bird feeder.",
    ]
    both = embedded([own], [digest.pack_vectors([[1.0, 0.0], [0.0, 1.0]])], 2)
    answering, alone = (
        cosines(numpy.array(vector, numpy.float32), both).max() for vector in ([1.0, 0.0], [0.0, 1.0])
    )
    assert alone == pytest.approx(1.0)
    assert 0.9 < answering < 1.0  # it is a little less its own
    once = embedded([own], [digest.pack_vectors([[1.0, 0.0]])], 2)
    assert cosines(numpy.array([0.0, 1.0], numpy.float32), once).max() == pytest.approx(0.0)
