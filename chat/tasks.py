"""What the worker does for chat. Each task is a door: it parses, calls, answers."""

import asyncio

from celery import shared_task
from django.conf import settings

from chat import conversations, retention
from chat.reaper import reap
from chat.relay import Relay
from chat.titles import title_conversation
from chat.totals import add_up_all
from chat.warming import warm

__all__ = ["add_up", "reap_lost", "remove_deleted", "remove_expired", "title_conversation", "warm_cache"]


@shared_task(name="chat.reap")
def reap_lost() -> None:
    """Claim what a crash left running; the web processes do the same, this is for when none is up."""
    asyncio.run(_reap())


@shared_task(name="chat.remove_deleted")
def remove_deleted() -> None:
    conversations.remove_deleted()


@shared_task(name="chat.roll")
def add_up() -> None:
    """What has ended since, for the dashboard."""
    add_up_all()


@shared_task(name="chat.remove_expired")
def remove_expired() -> None:
    retention.remove_expired()


@shared_task(name="chat.warm_cache")
def warm_cache() -> None:
    asyncio.run(warm())


async def _reap() -> None:
    relay = Relay(settings.REDIS_URL, "worker", deliver=lambda *_: None, stop=lambda _: None)
    try:
        await reap(relay)
    finally:
        await relay.close()
