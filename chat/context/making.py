"""A fit made by the worker: one at a time for a conversation, answered under the asker's own number."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

import orjson
from django.conf import settings
from django.core.cache import caches
from redis import Redis

from chat import history
from chat.context import plans, stored
from chat.context.compression import Known, fit
from chat.context.digest import unit_of
from chat.gateway.embedding import DEFAULT, Embedder
from chat.gateway.errors import GatewayError, UnknownModel
from chat.gateway.loading import load
from chat.gateway.stack import build
from chat.models import Message
from grump.lib import env
from grump.lib.cache.backend import TieredCache
from grump.lib.cache.namespaces import Namespace, register
from grump.lib.clients import in_thread

register(Namespace("context"))
logger = logging.getLogger(__name__)

REPLIES = "context:replies:"
LOCK = "context:lock:"
DEADLINE = 5.0  # seconds from the asking on: later nobody waits for it
KEPT = 3600.0  # seconds that a fit can be found again
REPLY_KEPT = 30  # seconds that a reply waits to be fetched
EMBEDDING = 0.2  # seconds that the question's vector may take; without it, words decide
SOCKET_TIMEOUT = 1.0

_LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be fitted, and who waits for it. `key` is `plans.key_of` what the asker has before it."""

    number: str  # of this asking; never used twice
    process: str  # who asks
    conversation_id: str
    question_id: str
    budget: int
    families: Sequence[str]
    key: str

    def as_arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Busy(Exception):
    """Another fit of the same conversation is being made."""


def answer(wish: Wish) -> None:
    """Make the fit and send it. Raises Busy."""
    client = _valkey()
    lock = LOCK + wish.conversation_id
    if not client.set(lock, wish.number, nx=True, px=int(DEADLINE * 1000)):
        raise Busy
    try:
        began = time.monotonic()
        made = _make(wish)
        if made is not None:
            _reply(client, wish, made)
        logger.debug("A fit took %.0f ms", (time.monotonic() - began) * 1000)
    finally:
        client.eval(_LET_GO, 1, lock, wish.number)


def _make(wish: Wish) -> dict[str, Any] | None:
    """The plan; None where the conversation is not (or no longer) the one that was asked about."""
    found = [line for line in history.prompt(UUID(wish.question_id)) if line.text]
    lines = plans.counted(found, wish.families)
    if not lines or plans.key_of(lines, wish.budget, lines[-1].text) != wish.key:
        return None
    key = plans.cache_key(wish.key, lines)
    cache = caches["default"]
    known = cache.get(key)
    if known is not None:
        return cast(dict[str, Any], known)
    embedder = question_embedder()
    worked = stored.worked_out(lines, embedder.model.name if embedder else "")
    query = _vector(embedder, lines[-1].text) if embedder and worked.vectors else None
    fitted = fit(
        lines,
        wish.budget,
        known=Known(
            worked.digests,
            worked.vectors if query is not None else {},
            unit_of(query) if query is not None else None,
            stored.last_summary(lines),
        ),
    )
    plan = plans.spell(fitted)
    # It has words of the conversation in it: they go with whoever wrote them.
    owner = Message.objects.filter(pk=wish.question_id).values_list("owner_id", flat=True).first()
    cast(TieredCache, cache).set(key, plan, KEPT, owner=str(owner or ""))
    stored.keep_digests(lines, worked)
    return plan


def _reply(client: Redis, wish: Wish, plan: dict[str, Any]) -> None:
    replies = REPLIES + wish.process
    with client.pipeline(transaction=False) as pipe:
        pipe.rpush(replies, orjson.dumps({"number": wish.number, "key": wish.key, "plan": plan}))
        pipe.expire(replies, REPLY_KEPT)
        pipe.execute()


@cache
def _valkey() -> Redis:
    return in_thread(settings.REDIS_URL, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=SOCKET_TIMEOUT)


# --- What one worker process keeps: a loop, and on it connections ----------------------------------


@cache
def runner() -> asyncio.Runner:
    """This process's own event loop: connections to the embedding server live as long as it."""
    return asyncio.Runner()


@cache
def question_embedder() -> Embedder | None:
    """The installation's embedding model, None where it has none."""
    gateway = build(load(settings.GRUMP_CATALOG, env.everything()))
    try:
        return gateway.embedder(DEFAULT)
    except UnknownModel:
        return None


def _vector(embedder: Embedder, text: str) -> list[float] | None:
    try:
        return runner().run(_embed(embedder, text))
    except (GatewayError, TimeoutError) as error:
        logger.info("A question was not embedded: %s", type(error).__name__)
        return None


async def _embed(embedder: Embedder, text: str) -> list[float]:
    async with asyncio.timeout(EMBEDDING):
        return (await embedder.embed([text[:1000]])).vectors[0]
