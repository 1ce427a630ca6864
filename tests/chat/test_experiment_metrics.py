"""What people say is what experiments are measured by: each metric's rows, as readings ask for them."""

import uuid

import pytest
from django.utils import timezone

from experiments.metrics import registered
from figures.models import Satisfaction, Thumb
from grump.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create(username="ann")


def figures(name: str) -> list[tuple[int, float, float]]:
    metric = registered()[name]
    rows = metric.rows().filter(**{f"{metric.at}__lte": timezone.now()}).order_by("pk")
    return list(rows.values_list("owner", "value", "of"))


def test_a_thumb_is_up_or_not(ann):
    for up in (True, False, True):
        Thumb.objects.create(owner=ann, generation=uuid.uuid4(), up=up, at=timezone.now())
    assert figures("thumbs_up") == [(ann.pk, 1.0, 1.0), (ann.pk, 0.0, 1.0), (ann.pk, 1.0, 1.0)]


def test_only_an_answered_question_has_a_score(ann):
    now = timezone.now()
    Satisfaction.objects.create(owner=ann, asked_at=now, score=4, answered_at=now)
    Satisfaction.objects.create(owner=ann, asked_at=now)
    assert figures("satisfaction") == [(ann.pk, 4.0, 1.0)]


def test_every_metric_can_be_asked_for_a_time(ann):
    for name, metric in registered().items():
        rows = metric.rows().filter(**{f"{metric.at}__lte": timezone.now()})
        assert list(rows.values_list("owner", "value")) == [], name
