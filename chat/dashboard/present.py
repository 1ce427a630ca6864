"""What is the case this minute: who answers, what waits, what failed last, who is near a limit."""

from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.db.models import Count

from chat.models import Generation
from grump.lib.clients import in_thread
from usage.models import Hold

VALKEY_SECONDS = 0.25
# Celery's queue, and what a worker has taken and not yet finished.
QUEUE, TAKEN = "celery", "unacked"


def queues() -> list[dict[str, Any]]:
    """How deep each is; None where nobody could say."""
    waiting, taken = _worker_queue()
    running = Generation.objects.filter(state=Generation.State.RUNNING).aggregate(count=Count("pk"))["count"]
    return [
        {"title": "Answers under way", "depth": running},
        {"title": "Quota held for turns under way", "depth": Hold.objects.count()},
        {"title": "Tasks that wait for the worker", "depth": waiting},
        {"title": "Tasks the worker has taken", "depth": taken},
    ]


def _worker_queue() -> tuple[int | None, int | None]:
    client: Any = in_thread(
        settings.REDIS_URL, socket_timeout=VALKEY_SECONDS, socket_connect_timeout=VALKEY_SECONDS
    )
    try:
        with client.pipeline(transaction=False) as pipe:
            pipe.llen(QUEUE)
            pipe.hlen(TAKEN)
            waiting, taken = pipe.execute()
            return waiting, taken
    except (OSError, redis.RedisError):
        return None, None
    finally:
        client.close()


def newest_of(codes: list[str], since: datetime) -> dict[str, Generation]:
    """The newest generation of each error. A query a code, each of one row of an index; at most ten codes."""
    found = {}
    for code in codes:
        newest = (
            Generation.objects.filter(error_code=code, ended_at__gte=since)
            .only("id", "provider", "model", "ended_at", "error_code")
            .order_by("-ended_at")
            .first()
        )
        if newest is not None:
            found[code] = newest
    return found
