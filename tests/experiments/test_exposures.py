"""Exposures: once a person, experiment and phase; behind what acted; tried again; never in its way."""

import asyncio

import pytest
from django.db import DatabaseError
from django.utils import timezone

from experiments.deciding import decide
from experiments.exposures import ExposureLog, write
from experiments.models import Exposure
from experiments.subjects import Subject
from grump.accounts.guests import merge
from grump.accounts.models import User
from grump.lib.database import in_database


def counted(people) -> list:
    return [decide("colours", Subject(one.pk)) for one in people]


@pytest.fixture
def scene(running, people, transactional_db):
    """An experiment, people, and their decisions."""
    experiment = running()
    found = people(4)
    return experiment, found, counted(found)


async def rows() -> list[tuple[int, str]]:
    return await in_database(lambda: list(Exposure.objects.order_by("pk").values_list("owner_id", "variant")))


async def test_many_notes_are_one_row_a_person(scene):
    _, _, decisions = scene
    log = ExposureLog(gather=0)
    for _ in range(5):
        for decision in decisions:
            log.note(decision)
    await log.close()
    other_process = ExposureLog(gather=0)
    for decision in decisions:
        other_process.note(decision)
    await other_process.close()
    assert await rows() == [(one.owner_id, one.variant) for one in decisions]


async def test_what_does_not_count_is_not_written(scene):
    log = ExposureLog(gather=0)
    log.note(decide("nothing", Subject(1)))
    await log.close()
    assert await rows() == []


async def test_a_flush_that_breaks_is_tried_again(scene):
    _, _, decisions = scene
    broken, written = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def breaks_once(noted) -> None:
        if not broken.is_set():
            loop.call_soon_threadsafe(broken.set)
            raise DatabaseError("away")
        write(noted)
        loop.call_soon_threadsafe(written.set)

    log = ExposureLog(gather=0.01, writer=breaks_once)
    for decision in decisions:
        log.note(decision)
    await asyncio.wait_for(written.wait(), 10)
    await log.close()
    assert broken.is_set()
    assert len(await rows()) == 4


async def test_somebody_deleted_meanwhile_keeps_nobody_else_from_being_written(scene):
    _, (gone, *stay), decisions = scene
    log = ExposureLog(gather=0)
    for decision in decisions:
        log.note(decision)
    await in_database(User.objects.filter(pk=gone.pk).delete)
    await log.close()
    assert [owner for owner, _ in await rows()] == [one.pk for one in stay]


async def test_what_waits_is_bounded(scene):
    _, _, decisions = scene
    log = ExposureLog(gather=0, most=2)
    for decision in decisions:
        log.note(decision)
    await log.close()
    assert len(await rows()) == 2


async def test_each_phase_has_its_own(scene):
    experiment, people, (first, *_) = scene
    experiment.phase = 2
    await in_database(experiment.save)
    (second, *_) = await in_database(counted, people)
    log = ExposureLog(gather=0)
    for decision in (first, second):
        log.note(decision)
    await log.close()
    assert (first.phase, second.phase) == (1, 2)
    assert len(await rows()) == 2


def test_a_guest_who_logs_in_to_an_exposed_account_leaves_two_units(scene):
    _, (guest, account, *_), decisions = scene
    User.objects.filter(pk=guest.pk).update(is_guest=True)
    write([(decision, timezone.now()) for decision in decisions])
    merge(guest.pk, account)
    units = Exposure.objects.filter(owner=account).values_list("unit", flat=True)
    assert sorted(units) == sorted([str(guest.pk), str(account.pk)])
