"""What turns come to is what their rows say, by every cut."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from chat import totals
from chat.models import Conversation, Generation, Message
from figures.cells import ALL
from tests.fakes.catalogue import write_catalogue
from usage import quota
from usage.models import Entry
from usage.quota import Estimate, Spent

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_catalogue(settings, tmp_path):
    settings.GRUMP_LOCAL_MODEL = False
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "catalogue.toml", "http://127.0.0.1:9/v1"))
    totals._catalogue.cache_clear()
    yield
    totals._catalogue.cache_clear()


@pytest.fixture
def ended(db):
    """Write down a generation that has ended."""
    user = get_user_model().objects.create(username="ann")
    talk = Conversation.objects.create(owner=user, title="t", updated_at=NOON)

    def write(minute: int = 0, **values) -> Generation:
        message = Message.objects.create(conversation=talk, owner=user, role="assistant")
        moment = NOON + timedelta(minutes=minute)
        row = {
            "state": "complete", "provider": "mock", "model": "mock/fast", "plan": "free", "release": "r1",
            "first_token_ms": 80, "total_ms": 900,
        } | values  # fmt: skip
        return Generation.objects.create(
            owner=user, message=message, heartbeat_at=moment, ended_at=moment, **row
        )

    return write


def made(cut=ALL):
    return totals.answers_between(NOON, NOON + timedelta(hours=1))[cut]


def test_answers_are_counted_by_how_they_ended(ended):
    ended()
    ended(state="failed", error_code="overloaded", first_token_ms=None, total_ms=50)
    ended(state="stopped", cached="exact", saved_microusd=70)
    figures = made()
    assert figures["answers"] == 3
    assert (figures["failed"], figures["error overloaded"], figures["stopped"]) == (1, 1, 1)
    assert (figures["cached exact"], figures["saved by cache"]) == (1, 70)
    assert figures.sketches["first token"].count == 2
    assert figures.sketches["answer"].count == 1, "the time of an answer that was cut short says nothing"


def test_every_cut_has_its_own(ended):
    ended(plan="pro", variants="batch:25 followups:on")
    ended(provider="", model="", plan="", release="")
    assert made(("plan", "pro"))["answers"] == 1
    assert made(("variant", "batch:25"))["answers"] == made(("variant", "followups:on"))["answers"] == 1
    assert made(("provider", "unknown"))["answers"] == 1
    assert made()["answers"] == 2


def test_an_hour_is_what_ended_in_it(ended):
    ended(minute=59)
    ended(minute=60)
    ended(minute=-1)
    assert made()["answers"] == 1


def test_what_routing_saved_is_told_against_the_cheapest_of_the_best(ended):
    ended(
        requested_model="auto", input_tokens=1_000, output_tokens=2_000, cost_microusd=100, extra_microusd=7
    )
    ended(requested_model="mock/fast", input_tokens=1_000, output_tokens=2_000, cost_microusd=100)
    ended(requested_model="auto", cached="exact", input_tokens=0, output_tokens=0)
    reference = totals.reference_model(totals._catalogue())
    figures = made()
    assert reference is not None
    assert figures["routed"] == 100
    assert figures["at reference"] == pytest.approx(
        1_000 * reference.price.input + 2_000 * reference.price.output, abs=1
    )
    assert figures["house"] == 207


def test_calls_of_the_api_come_from_the_ledger(ended):
    user = get_user_model().objects.create(username="program")
    for cached in ("", "exact"):
        key = uuid.uuid4()
        quota.reserve(user.pk, key, Estimate(10, 10), source="api")
        quota.settle(key, Spent(10, 10, 30, "mock", "mock/fast", cached))
    quota.reserve(user.pk, key := uuid.uuid4(), Estimate(10, 10))
    quota.settle(key, Spent(10, 10, 30, "mock", "mock/fast"))
    Entry.objects.update(at=NOON)
    cells = totals.calls_between(NOON, NOON + timedelta(hours=1))
    assert cells[ALL]["answers"] == cells["model", "mock/fast"]["answers"] == 2
    assert cells[ALL]["cached exact"] == 1


def test_all_of_it_is_added_up_and_adding_up_again_changes_nothing(ended):
    ended()
    assert totals.add_up_all(NOON + timedelta(minutes=1)) == 1
    assert totals.add_up_all(NOON + timedelta(hours=2)) == 3
    assert totals.add_up_all(NOON + timedelta(hours=2)) == 0
