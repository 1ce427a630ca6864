"""An Idempotency-Key makes one call, however often it comes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from usage import calls
from usage.models import ApiCall


def test_the_second_call_gets_the_first_ones_answer(ann):
    first = calls.begin(ann.pk, "k", b"body")
    assert first.answer is None
    calls.finish(first.id, {"said": "hello"})
    assert calls.begin(ann.pk, "k", b"body") == calls.Begun(first.id, {"said": "hello"})


def test_a_call_in_flight_is_not_made_again(ann):
    calls.begin(ann.pk, "k", b"body")
    with pytest.raises(calls.InFlight):
        calls.begin(ann.pk, "k", b"body")


def test_one_name_is_for_one_body(ann):
    calls.begin(ann.pk, "k", b"body")
    with pytest.raises(calls.OtherBody):
        calls.begin(ann.pk, "k", b"another")


def test_two_users_may_choose_the_same_name(ann, bob):
    calls.finish(calls.begin(ann.pk, "k", b"body").id, {"for": "ann"})
    assert calls.begin(bob.pk, "k", b"body").answer is None


def test_what_came_to_nothing_may_be_tried_again(ann):
    calls.forget(calls.begin(ann.pk, "k", b"body").id)
    assert calls.begin(ann.pk, "k", b"body").answer is None


def test_an_answer_that_is_there_is_not_forgotten(ann):
    call = calls.begin(ann.pk, "k", b"body")
    calls.finish(call.id, {"said": "hello"})
    calls.forget(call.id)
    assert calls.begin(ann.pk, "k", b"body").answer == {"said": "hello"}


def test_a_call_whose_process_died_is_taken_over_by_one(ann):
    calls.begin(ann.pk, "k", b"body")
    ApiCall.objects.update(began_at=timezone.now() - calls.LOST - timedelta(seconds=1))
    assert calls.begin(ann.pk, "k", b"body").answer is None
    with pytest.raises(calls.InFlight):
        calls.begin(ann.pk, "k", b"body")


def test_what_is_kept_is_kept_for_a_day(ann):
    calls.finish(calls.begin(ann.pk, "k", b"body").id, {"said": "hello"})
    assert calls.remove_old() == 0
    ApiCall.objects.update(began_at=timezone.now() - calls.KEPT - timedelta(seconds=1))
    assert calls.begin(ann.pk, "k", b"another").answer is None  # though nobody has cleaned up yet
    ApiCall.objects.update(began_at=timezone.now() - calls.KEPT - timedelta(seconds=1))
    assert calls.remove_old() == 1


def test_names_are_bounded(ann, monkeypatch):
    monkeypatch.setattr(calls, "MOST_CALLS", 1)
    calls.begin(ann.pk, "k", b"body")
    with pytest.raises(calls.TooManyCalls):
        calls.begin(ann.pk, "another", b"body")
