"""What the worker does, for Prometheus: each task's duration and how it ended."""

import time
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_ready
from prometheus_client import Histogram, start_http_server

DURATION = Histogram(
    "grump_task_duration_seconds",
    "Tasks of the worker, by how they ended",
    ("task", "state"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
_begun: dict[str, float] = {}  # by task id, in this process


@task_prerun.connect
def note_begin(task_id: str = "", **_: Any) -> None:
    _begun[task_id] = time.monotonic()


@task_postrun.connect
def note_end(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    begun = _begun.pop(task_id, None)
    if begun is not None:
        DURATION.labels(task.name, (state or "unknown").lower()).observe(time.monotonic() - begun)


@worker_ready.connect
def answer_scrapes(**_: Any) -> None:
    """Where a worker has a container of its own, nobody else can speak for it."""
    from django.conf import settings

    from grump.operations.measuring import registry

    if settings.WORKER_METRICS_PORT:
        start_http_server(settings.WORKER_METRICS_PORT, registry=registry())
