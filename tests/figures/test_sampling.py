"""What a process counts is written down by the hour, once however often it is written."""

from datetime import UTC, datetime, timedelta

import pytest

from figures.cells import ALL
from figures.models import Sample
from figures.sampling import Sampler, keep, samples_between
from grump.lib.cache.metrics import HITS, MISSES
from usage.metrics import REFUSALS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)


def happen(hits: int = 0, misses: int = 0, refusals: int = 0) -> None:
    HITS.labels("l2", "sampled").inc(hits)
    MISSES.labels("sampled").inc(misses)
    REFUSALS.labels("tokens").inc(refusals)


def test_an_hour_has_what_was_counted_in_it():
    happen(hits=5)  # before this process's sampler: somebody else's
    sampler = Sampler("p1")
    happen(hits=3, misses=1)
    assert sampler.grown(NOON) == (NOON, {"hits l2": 3, "asked": 4})
    happen(refusals=2)
    _, counts = sampler.grown(NOON + timedelta(minutes=59))
    assert counts == {"hits l2": 3, "asked": 4, "refused tokens": 2}
    happen(hits=1)
    assert sampler.grown(NOON + AN_HOUR) == (NOON + AN_HOUR, {"hits l2": 1, "asked": 1})


@pytest.mark.django_db
def test_writing_again_takes_the_place_of_what_was_written():
    keep("p1", NOON, {"asked": 3})
    keep("p1", NOON, {"asked": 4, "hits l1": 4})
    keep("p2", NOON, {"asked": 1})
    assert Sample.objects.count() == 2
    found = samples_between(NOON, NOON + AN_HOUR)[ALL]
    assert (found["asked"], found["hits l1"]) == (5, 4)
