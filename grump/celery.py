"""The Celery application: `celery -A grump worker`, `celery -A grump beat`."""

import os
from functools import partial
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_ready

from grump.lib import tracing
from grump.lib.heap import share_one_heap
from grump.lib.publishing import publisher

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grump.settings")

app = Celery("grump")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["grump.operations"], related_name="tasks_seen")


@celeryd_init.connect
def share_a_heap(**_: object) -> None:
    """In a worker, before it forks; not in what only queues tasks."""
    share_one_heap()


@worker_ready.connect
def warm_the_cache(**_: object) -> None:
    """Behind the start: neither the web nor readiness waits for it."""
    from django.conf import settings

    # Only the worker whose queue it is: the one of fits is started beside it.
    if settings.CACHE_WARMUP_ON_START and settings.CELERY_TASK_DEFAULT_QUEUE in app.amqp.queues.consume_from:
        app.send_task("chat.warm_cache", retry=False)


def publish(task: str, *args: Any) -> None:
    """Queue a task, by its name, from the event loop without waiting for the broker, as soon as it takes
    it."""
    from grump.lib import context  # reads the settings, which are not there when this module is imported

    headers = tracing.carrier() | {"about": dict(context.about())}
    publisher().put(task, partial(app.send_task, task, args, retry=False, headers=headers))
