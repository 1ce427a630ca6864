"""What a worker is told by the settings, as Celery understands it."""

from grump.celery import app


def test_a_process_of_a_worker_that_has_grown_gives_way_to_a_fresh_one():
    assert app.conf.worker_max_memory_per_child == 512 * 1024  # KiB
