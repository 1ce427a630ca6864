"""Two processes of the operating system, one Valkey: neither answers for long from what the other changed."""

import pytest
from django.conf import settings as django_settings

from grump.lib.cache import namespaces
from grump.lib.cache.namespaces import Namespace, register
from tests.bench.coherence import delays

REPAIR = 0.5  # seconds
SHARED_MACHINE = 0.5  # what a busy machine may add to one


@pytest.fixture(autouse=True)
def bench_namespace(monkeypatch, valkey) -> None:
    monkeypatch.setattr(namespaces, "_registered", {})
    register(Namespace("bench", jitter=0.0))


def test_a_change_is_seen_by_another_process_long_before_the_repair() -> None:
    taken = sorted(delays(django_settings.REDIS_URL, 100, 60.0, published=True))
    assert taken[50] < 0.05
    assert taken[-1] < 0.05 + SHARED_MACHINE


def test_a_change_whose_message_was_lost_is_seen_within_the_repair_interval(valkey) -> None:
    taken = delays(django_settings.REDIS_URL, 6, REPAIR, published=False)
    assert max(taken) < REPAIR + SHARED_MACHINE
    assert max(taken) > 0.05, "the message came through after all"
