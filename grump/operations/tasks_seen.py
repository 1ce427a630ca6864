"""What is seen of the worker: each task's duration and end, its trace, and whose request it belongs to."""

import time
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_init, worker_ready
from prometheus_client import Histogram, start_http_server

from grump.lib import context, tracing
from grump.operations import garbage

DURATION = Histogram(
    "grump_task_duration_seconds",
    "Tasks of the worker, by how they ended",
    ("task", "state"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)


class Running:
    """One task, from its beginning to its end in this process."""

    def __init__(self, task: Any) -> None:
        self.begun = time.monotonic()
        # What came with the message: `publish` of grump/celery.py put it there.
        headers = task.request.headers or {}
        about = {**headers.get("about", {}), "task": task.name}
        self._concerning = context.concerning(**about)
        self._concerning.__enter__()
        carried = {name: value for name, value in headers.items() if isinstance(value, str)}
        attributes = {"messaging.system": "celery", "messaging.operation.name": "process"}
        self._within = tracing.within(tracing.begin_from(f"run {task.name}", carried, attributes))
        self.span = self._within.__enter__()

    def end(self, task: Any, state: str) -> None:
        DURATION.labels(task.name, state).observe(time.monotonic() - self.begun)
        if state != "success":
            self.span.fail(state)
        self._within.__exit__(None, None, None)
        self._concerning.__exit__(None, None, None)


_running: dict[str, Running] = {}  # by task id


@task_prerun.connect
def note_begin(task_id: str = "", task: Any = None, **_: Any) -> None:
    _running[task_id] = Running(task)


@task_postrun.connect
def note_end(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    running = _running.pop(task_id, None)
    if running is not None:
        running.end(task, (state or "unknown").lower())
    garbage.collect_where_due(time.monotonic())


@worker_process_init.connect
def keep_what_is_loaded(**_: Any) -> None:
    garbage.keep_what_is_loaded()


@worker_process_init.connect
def begin_to_trace(**_: Any) -> None:
    """After the fork: the exporter's thread would not come along."""
    from django.conf import settings

    from grump.operations.tracing import set_up

    set_up("grump-worker", settings.OTEL_EXPORTER_OTLP_ENDPOINT, settings.OTEL_TRACES_SAMPLER_ARG)


@worker_ready.connect
def answer_scrapes(**_: Any) -> None:
    """Where a worker has a container of its own, nobody else can speak for it."""
    from django.conf import settings

    from grump.operations.measuring import registry

    if settings.WORKER_METRICS_PORT:
        start_http_server(settings.WORKER_METRICS_PORT, registry=registry())
