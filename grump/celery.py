"""The Celery application: `celery -A grump worker`, `celery -A grump beat`."""

import asyncio
import logging
import os

from celery import Celery, Task
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grump.settings")

app = Celery("grump")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

logger = logging.getLogger(__name__)
_publishing: set[asyncio.Task[None]] = set()  # a task nobody holds may be collected


@worker_ready.connect
def warm_the_cache(**_: object) -> None:
    """Behind the start: neither the web nor readiness waits for it."""
    from django.conf import settings

    if settings.CACHE_WARMUP_ON_START:
        app.send_task("chat.warm_cache", retry=False)


def publish(task: Task, *args: str) -> None:
    """Queue a task from the event loop without waiting for the broker; one that is away costs the task."""
    sending = asyncio.create_task(_publish(task, args))
    _publishing.add(sending)
    sending.add_done_callback(_publishing.discard)


async def _publish(task: Task, args: tuple[str, ...]) -> None:
    try:
        await asyncio.to_thread(task.apply_async, args, retry=False)
    except (OperationalError, OSError):
        logger.warning("The queue is away: %s was not published", task.name)
