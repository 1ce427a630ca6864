"""A fit made by the worker: one at a time for a conversation, answered under the asker's own number."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import orjson
from django.conf import settings
from django.core.cache import caches
from redis import Redis

from chat.context import plans, remembered, stored
from chat.context.choosing import Known
from chat.context.compression import fit
from chat.context.digest import unit_of
from chat.context.remembered import Read
from chat.context.whole import cost
from chat.gateway.counting import count_tokens
from chat.gateway.embedding import DEFAULT, Embedder
from chat.gateway.errors import GatewayError, UnknownModel
from chat.gateway.loading import load
from chat.gateway.stack import build
from chat.history import Line
from chat.models import Message
from grump.lib import env
from grump.lib.cache.backend import TieredCache
from grump.lib.cache.namespaces import Namespace, register
from grump.lib.clients import in_thread

register(Namespace("context"))
register(Namespace("vectors"))
logger = logging.getLogger(__name__)

REPLIES = "context:replies:"
LOCK = "context:lock:"
DEADLINE = 5.0  # seconds from the asking on: later nobody waits for it
KEPT = 3600.0  # seconds that a fit can be found again
REPLY_KEPT = 30  # seconds that a reply waits to be fetched
EMBEDDING = 0.2  # seconds that the question's vector may take; without it, words decide
EMBEDDED = 1_000  # characters of a question
SOCKET_TIMEOUT = 1.0

_LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be fitted, and who waits for it. `key` is `plans.key_of` what the asker has before it, and
    `cached_under` its `plans.cache_key`; empty from an asker who does not say, as `version` is, which tells
    whose fits the asker can read."""

    number: str  # of this asking; never used twice
    process: str  # who asks
    conversation_id: str
    question_id: str
    budget: int
    families: Sequence[str]
    key: str
    cached_under: str = ""
    version: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "Wish":
        """What a newer asker says besides is not looked at."""
        return cls(**{name: value for name, value in arguments.items() if name in cls.__slots__})

    def as_arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Busy(Exception):
    """Another fit of the same conversation is being made."""


class AnotherVersion(Exception):
    """The asker is of a version that reads other fits than this one makes."""


def answer(wish: Wish) -> None:
    """Make the fit and send it. Raises Busy and AnotherVersion."""
    if wish.version not in ("", plans.VERSION):
        raise AnotherVersion
    client = _valkey()
    lock = LOCK + wish.conversation_id
    if not client.set(lock, wish.number, nx=True, px=int(DEADLINE * 1000)):
        raise Busy
    try:
        began = time.monotonic()
        _reply(client, wish, _make(wish))
        logger.debug("A fit took %.0f ms", (time.monotonic() - began) * 1000)
    finally:
        client.eval(_LET_GO, 1, lock, wish.number)


def refuse(wish: Wish) -> None:
    """Tell the asker that nothing will come, so that it does not wait."""
    _reply(_valkey(), wish, None)


def _make(wish: Wish) -> dict[str, Any] | None:
    """The plan; None where the conversation is not (or no longer) the one that was asked about."""
    question = UUID(wish.question_id)
    found = remembered.read(wish.conversation_id, question, quickly=bool(wish.cached_under))
    lines, key = _asked_about(found, wish)
    if found.is_quick and (key != wish.key or plans.cache_key(key, lines) != wish.cached_under):
        # Something has changed further back than was looked at.
        found = remembered.read(wish.conversation_id, question)
        lines, key = _asked_about(found, wish)
    if key != wish.key and found.is_from_memory:
        # What is remembered was compared by its length and marks alone: before the turn is refused, by all.
        remembered.forget(wish.conversation_id)
        found = remembered.read(wish.conversation_id, question)
        lines, key = _asked_about(found, wish)
    return plan_of(lines, wish.budget, key, found) if key == wish.key else None


def _asked_about(found: Read, wish: Wish) -> tuple[list[Line], str]:
    counted = found.counted(wish.families)
    lines = counted.lines
    return lines, plans.key_of(lines, wish.budget, lines[-1].text, blocks=counted.blocks) if lines else ""


def plan_of(lines: Sequence[Line], budget: int, key: str, found: Read | None = None) -> dict[str, Any]:
    """Found again, or made and kept. `lines` have their tokens, `key` is theirs."""
    cached_under = plans.cache_key(key, lines)
    cache = cast(TieredCache, caches["default"])
    known = cache.get(cached_under)
    if known is not None:
        return cast(dict[str, Any], known)
    embedder = question_embedder()
    worked = stored.worked_out(lines, embedder.model.name if embedder else "", found)
    query, was_kept = _vector(embedder, lines[-1].text) if embedder and worked.vectors else (None, False)
    fitted = fit(
        lines,
        budget,
        known=Known(
            worked.digests,
            worked.vectors if query is not None else {},
            unit_of(query) if query is not None else None,
            stored.last_summary(lines),
            found.conversation.stacked if found is not None else None,
        ),
    )
    plan = plans.spell(fitted)
    # It has words of the conversation in it: they go with whoever wrote them.
    cache.set(cached_under, plan, KEPT, owner=_owner_of(lines, found))
    stored.keep_digests(lines, worked)
    # Told to whoever asked now, and not kept with the plan: it is about this time.
    return {**plan, "vector": "kept"} if was_kept else plan


def _owner_of(lines: Sequence[Line], found: Read | None) -> str:
    if found is not None and found.conversation.owner:
        return found.conversation.owner
    first = next((line.id for line in lines if line.id is not None), None)
    owner = Message.objects.filter(pk__in=[first]).values_list("owner_id", flat=True).first() if first else ""
    if found is not None:
        found.conversation.owner = str(owner or "")
    return str(owner or "")


def _reply(client: Redis, wish: Wish, plan: dict[str, Any] | None) -> None:
    """`plan`: None for one that cannot be made."""
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


def vector_key(embedder: Embedder, text: str) -> str:
    said = f"{embedder.model.name}\0{text[:EMBEDDED]}".encode("utf-8", "replace")
    return f"vectors:{blake2b(said, digest_size=16).hexdigest()}"


def _vector(embedder: Embedder, text: str) -> tuple[list[float] | None, bool]:
    """And whether it had been made before."""
    kept = caches["default"].get(vector_key(embedder, text))
    if kept is not None:
        return kept, True
    try:
        return runner().run(_embed(embedder, text)), False
    except (GatewayError, TimeoutError) as error:
        logger.info("A question was not embedded: %s", type(error).__name__)
        return None, False


async def _embed(embedder: Embedder, text: str) -> list[float]:
    async with asyncio.timeout(EMBEDDING):
        return (await embedder.embed([text[:EMBEDDED]])).vectors[0]


# --- Before it is asked ----------------------------------------------------------------------------


def embed_ahead(text: str, owner_id: int) -> bool:
    """Keep the vector of a question that may be asked. False where it is kept already, or cannot be made."""
    embedder = question_embedder()
    if embedder is None:
        return False
    vector, was_kept = _vector(embedder, text)
    if vector is None or was_kept:
        return False
    cast(TieredCache, caches["default"]).set(vector_key(embedder, text), vector, KEPT, owner=str(owner_id))
    return True


def fit_ahead(lines: Sequence[Line], budget: int, families: Sequence[str], instructions: str = "") -> bool:
    """Make the fit that the turn will look for if `lines` are asked: stored ones, and at the end a question
    that is not. False where everything fits anyway, or it is there already."""
    counted = plans.counted(lines, families)
    for line in plans.counted([Line("system", instructions, count_tokens(instructions))], families):
        budget -= cost(line) if instructions else 0
    if sum(map(cost, counted)) <= budget:
        return False
    key = plans.key_of(counted, budget, counted[-1].text)
    if caches["default"].get(plans.cache_key(key, counted)) is not None:
        return False
    plan_of(counted, budget, key)
    return True
