"""The collector leaves alone what was loaded at the start."""

import asyncio
import gc
import subprocess
import sys
import time
import weakref

import pytest

from grump.operations import garbage, tasks_seen
from grump.serving import parting

PATIENCE = 10.0  # seconds


@pytest.fixture
def collector():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("collector")
def test_what_was_loaded_is_not_looked_through_and_what_comes_later_is():
    loaded = [[]]
    garbage.keep_what_is_loaded()
    assert not any(one is loaded for one in gc.get_objects())
    later: list[object] = []
    later.append(later)
    assert any(one is later for one in gc.get_objects())
    assert gc.get_threshold() == garbage.THRESHOLDS


def test_the_web_process_does_so_once_all_is_imported():
    code = "import gc, grump.asgi; print(gc.get_freeze_count())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(said) > 50_000


class Connection:
    """It holds itself, as one that closed does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("collector")
async def test_a_process_that_serves_collects_what_is_old_again_and_again_however_little_is_made(monkeypatch):
    monkeypatch.setattr(garbage, "EVERY", 0.01)
    monkeypatch.setattr(parting, "serve_threads", lambda _: None)  # this loop ends with the test
    gc.set_threshold(0)  # Python would never do so by itself
    parting.say_ready()
    for _ in range(2):
        connection, gone = Connection(), asyncio.Event()
        gc.collect()  # looked through, and so among the oldest
        weakref.finalize(connection, gone.set)
        del connection
        await asyncio.wait_for(gone.wait(), PATIENCE)


@pytest.mark.usefixtures("collector")
def test_a_worker_collects_between_two_tasks_at_most_once_in_that_time(monkeypatch):
    gc.set_threshold(0)
    monkeypatch.setattr(garbage, "_collected", time.monotonic() - garbage.EVERY)
    gone: list[str] = []
    for name in ("first", "second"):
        left = Connection()
        weakref.finalize(left, gone.append, name)
        del left
        tasks_seen.note_end(task_id="one that this process did not begin")
    assert gone == ["first"]
    garbage.collect_where_due(time.monotonic() + garbage.EVERY)
    assert gone == ["first", "second"]


def test_a_workers_process_leaves_alone_what_was_loaded_before_it_was_forked():
    code = (
        "import gc, django; django.setup();"
        "from celery.signals import worker_process_init; from grump.operations import tasks_seen;"
        "worker_process_init.send(sender=None); print(gc.get_freeze_count())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(said) > 50_000
