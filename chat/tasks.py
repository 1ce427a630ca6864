"""What the worker does for chat. Each task is a door: it parses, calls, answers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.conf import settings

from chat import conversations, retention
from chat.context import digesting, making
from chat.prediction import records
from chat.prediction.ahead import look_ahead
from chat.reaper import reap
from chat.relay import Relay
from chat.runtime import installed_gateway
from chat.titles import title_conversation
from chat.totals import add_up_all
from chat.warming import warm
from figures import browser
from grump.lib import loops

__all__ = [
    "add_up",
    "fit_context",
    "look_ahead",
    "prepare_context",
    "reap_lost",
    "remove_deleted",
    "remove_expired",
    "title_conversation",
    "warm_cache",
]

# Seconds until a fit is tried again that another one of its conversation keeps waiting, or that this worker
# cannot make; and how often it is handed on so before the asker is told that nobody can.
AGAIN = 0.1
OTHERS = 4


@shared_task(name="chat.reap")
def reap_lost() -> None:
    """Claim what a crash left running; the web processes do the same, this is for when none is up."""
    loops.run(_reap())


@shared_task(name="chat.remove_deleted")
def remove_deleted() -> None:
    conversations.remove_deleted()


@shared_task(name="chat.forget_timings")
def forget_timings() -> None:
    browser.forget_old()


@shared_task(name="chat.roll")
def add_up() -> None:
    """What has ended since, for the dashboard."""
    add_up_all()


@shared_task(name="chat.remove_expired")
def remove_expired() -> None:
    retention.remove_expired()
    records.forget_old()


@shared_task(name="chat.warm_cache")
def warm_cache() -> None:
    loops.run(warm())


@shared_task(
    name="chat.fit_context",
    bind=True,
    max_retries=int(making.DEADLINE / AGAIN),
    time_limit=10,
    soft_time_limit=8,
)
def fit_context(self: Task, **wish: Any) -> None:
    """What of a conversation is sent. Somebody waits for it: it has a queue of its own, and ends with its
    use."""
    asked = making.Wish.of(wish)
    try:
        making.answer(asked)
    except making.Busy:
        raise self.retry(countdown=AGAIN, expires=making.DEADLINE) from None
    except making.AnotherVersion:
        # While a new version is rolled out, another worker may be of the asker's.
        if self.request.retries < OTHERS:
            raise self.retry(countdown=AGAIN, expires=making.DEADLINE) from None
        making.refuse(asked)


@shared_task(name="chat.prepare_context")
def prepare_context(message_id: str, budget: int, families: Sequence[str]) -> None:
    """What the next fit of the conversation will need."""
    loops.run(_prepare(UUID(message_id), budget, families))


async def _prepare(message_id: UUID, budget: int, families: Sequence[str]) -> None:
    gateway = installed_gateway()
    try:
        await digesting.prepare(gateway, message_id, budget, families)
    finally:
        await gateway.close()


async def _reap() -> None:
    relay = Relay(settings.REDIS_URL, "worker", deliver=lambda *_: None, stop=lambda _: None)
    try:
        await reap(relay)
    finally:
        await relay.close()
