"""Thumbs and scores: one a person and answer, asked rarely, added up, and there for experiments."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from figures import feedback
from figures.cells import ALL
from figures.feedback import Circumstances
from figures.models import Satisfaction, Thumb

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def ann(db):
    return get_user_model().objects.create(username="ann")


def test_the_last_word_counts_and_can_be_taken_back(ann):
    answer = uuid.uuid4()
    feedback.rate(ann.pk, answer, True, NOON)
    feedback.rate(ann.pk, answer, False, NOON, reason="wrong", text="It is not.")
    assert Thumb.objects.values_list("up", "reason", "text").get() == (False, "wrong", "It is not.")
    assert feedback.thumbs_of(ann.pk, [answer]) == {answer: False}
    feedback.rate(ann.pk, answer, None, NOON)
    assert feedback.thumbs_of(ann.pk, [answer]) == {}


def test_nobody_is_asked_before_they_know_it(ann, settings):
    settings.SATISFACTION_AFTER = 3
    assert not feedback.ask(ann.pk, 2, NOON)
    assert feedback.ask(ann.pk, 3, NOON)


def test_nobody_is_asked_twice_in_so_many_days_whatever_they_did(ann, settings):
    settings.SATISFACTION_DAYS = 30
    assert feedback.ask(ann.pk, 10, NOON)
    assert not feedback.ask(ann.pk, 10, NOON)
    assert not feedback.ask(ann.pk, 10, NOON + 29 * A_DAY)
    assert feedback.ask(ann.pk, 10, NOON + 31 * A_DAY)


def test_who_wants_never_to_be_asked_again_never_is(ann):
    feedback.ask(ann.pk, 10, NOON)
    assert feedback.never_again(ann.pk)
    assert not feedback.ask(ann.pk, 10, NOON + 999 * A_DAY)


def test_a_score_answers_a_question_once(ann):
    assert not feedback.answer(ann.pk, 5, "", NOON)
    feedback.ask(ann.pk, 10, NOON)
    assert feedback.answer(ann.pk, 4, "Quick.", NOON)
    assert not feedback.answer(ann.pk, 1, "", NOON)
    assert Satisfaction.objects.values_list("score", "text").get() == (4, "Quick.")


def test_they_are_added_up_by_what_the_answer_was_given_under(ann):
    under = Circumstances("groq", "groq/llama", "free", "r1", "batch:25")
    feedback.rate(ann.pk, uuid.uuid4(), True, NOON, under=under)
    feedback.rate(ann.pk, uuid.uuid4(), False, NOON, reason="wrong")
    feedback.ask(ann.pk, 10, NOON, "batch:50")
    feedback.answer(ann.pk, 4, "", NOON)
    cells = feedback.ratings_between(NOON, NOON + A_DAY)
    assert (cells[ALL]["thumbs"], cells[ALL]["thumbs up"], cells[ALL]["reason wrong"]) == (2, 1, 1)
    assert cells["model", "groq/llama"]["thumbs up"] == cells["variant", "batch:25"]["thumbs up"] == 1
    assert (cells["variant", "batch:50"]["scores"], cells["variant", "batch:50"]["stars"]) == (1, 4)


def test_experiments_read_them_by_person(ann):
    bob = get_user_model().objects.create(username="bob")
    for up in (True, True, False):
        feedback.rate(ann.pk, uuid.uuid4(), up, NOON)
    feedback.rate(bob.pk, uuid.uuid4(), False, NOON)
    feedback.ask(bob.pk, 10, NOON)
    feedback.answer(bob.pk, 2, "", NOON)
    assert feedback.thumbs(NOON, NOON + A_DAY) == {ann.pk: (2, 1), bob.pk: (0, 1)}
    assert feedback.thumbs(NOON, NOON + A_DAY, [bob.pk]) == {bob.pk: (0, 1)}
    assert feedback.satisfaction(NOON, NOON + A_DAY) == {bob.pk: 2.0}
    assert feedback.satisfaction(NOON, NOON + A_DAY, [ann.pk]) == {}
