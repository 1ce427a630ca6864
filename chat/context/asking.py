"""A turn's way to a fit: from the cache, from the worker, or the cheap one, and always in time.

Each asking has a number of its own, and a reply is taken only by the turn whose number and key it bears. A
worker that did not answer in time is not waited for again until it answers something.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol
from uuid import UUID

import orjson
from django.core.cache import caches
from redis.exceptions import RedisError

from chat.context import plans
from chat.context.compression import Fitted, newest
from chat.context.making import DEADLINE, REPLIES, Wish
from chat.gateway.pricing import TOKENS_PER_MESSAGE
from chat.history import Line
from grump.lib.breaker import State
from grump.lib.clients import on_loop
from grump.lib.tasks import end_tasks
from grump.lib.valkey import valkey_breaker

logger = logging.getLogger(__name__)

Way = Literal["whole", "cache", "worker", "newest"]

PATIENCE = 2.0  # seconds that a turn waits for the worker
CACHE = 0.1  # … and for the cache
AWAY = 30.0  # … and does not, after it waited in vain
PROBE = 5.0  # meanwhile the worker is asked, without waiting, at most so often
LISTEN = 5  # seconds of one wait for replies
OUTAGE = (RedisError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Ready:
    """A fit, and the way it came. `vector_kept`: the question had been embedded before it was asked."""

    fitted: Fitted
    way: Way
    vector_kept: bool = False


class Publish(Protocol):
    def __call__(self, arguments: Mapping[str, Any], expires: float) -> None:
        """Put the task into the queue; raises where there is none. Blocks."""


class Fitter:
    """One an event loop. `publish` queues a fit for the worker."""

    def __init__(self, url: str, process: str, publish: Publish) -> None:
        self._url = url
        self._process = process
        self._publish = publish
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._away_until = 0.0
        self._probe_at = 0.0
        # Few threads of its own: a broker that hangs must not take those that others need.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="fits")
        self._queued = 0

    async def fit(
        self, lines: Sequence[Line], budget: int, families: Sequence[str], conversation_id: UUID | None
    ) -> Ready:
        """`lines` as the turn has them: those without an id are not stored, lead the prompt and stay."""
        count = len(lines)
        # No tokenizer finds twice as many as were estimated: most conversations are done here.
        if count == 1 or 2 * sum(line.tokens for line in lines) + TOKENS_PER_MESSAGE * count <= budget:
            return Ready(Fitted(tuple(range(count))), "whole")
        # Thousands of messages are looked at: not on the event loop.
        look = await asyncio.to_thread(_looked, lines, budget, families)
        if look.whole <= budget:
            return Ready(Fitted(tuple(range(count))), "whole")
        if conversation_id is None or lines[-1].id is None:  # a worker finds only what is stored
            return await asyncio.to_thread(_newest, lines, look, budget)
        added, own = look.added, lines[look.added :]
        way: Way = "cache"
        plan = await self._found(look.cache_key)
        if plan is None:
            wanted = (own, look.room, families, conversation_id)
            plan, way = await self._asked(look, *wanted), "worker"
        if plan is not None:
            try:
                fitted = plans.read(plan, len(own))
                return Ready(_behind(look.tokens[:added], fitted), way, plan.get("vector") == "kept")
            except (ValueError, TypeError, KeyError):
                logger.warning("A fit could not be read")
        return await asyncio.to_thread(_newest, lines, look, budget)

    async def close(self) -> None:
        await end_tasks([self._listener])
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _found(self, cache_key: str) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(CACHE):
                return await caches["default"].aget(cache_key)
        except OUTAGE:
            return None

    # --- The worker ---

    async def _asked(
        self,
        look: "_Look",
        lines: Sequence[Line],
        budget: int,
        families: Sequence[str],
        conversation_id: UUID,
    ) -> Mapping[str, Any] | None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if valkey_breaker(self._url).state is not State.CLOSED or self._queued > 64:
            return None
        is_away = now < self._away_until
        if is_away and now < self._probe_at:
            return None
        self._probe_at = now + PROBE
        number = secrets.token_hex(12)
        ids = (str(conversation_id), str(lines[-1].id))
        keys = (look.key, look.cache_key)
        wish = Wish(number, self._process, *ids, budget, tuple(families), *keys, plans.VERSION)
        reply: asyncio.Future[Mapping[str, Any]] = loop.create_future()
        self._waiting[number] = reply
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen(), name="fits")
        self._queued += 1
        queued = loop.run_in_executor(self._threads, self._publish, wish.as_arguments(), DEADLINE)
        queued.add_done_callback(lambda done: self._was_queued(done, number))
        if is_away:
            loop.call_later(DEADLINE, self._waiting.pop, number, None)
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                told = await reply
        except TimeoutError:
            self._away_until = loop.time() + AWAY
            logger.warning("The worker made no fit within %.0f s", PATIENCE)
            return None
        except _NotQueued:
            return None
        finally:
            self._waiting.pop(number, None)
        return told["plan"] if told["key"] == look.key else None

    def _was_queued(self, done: "asyncio.Future[None]", number: str) -> None:
        self._queued -= 1
        if done.cancelled() or done.exception() is None:
            return
        reply = self._waiting.get(number)
        logger.warning("A fit could not be queued: %s", type(done.exception()).__name__)
        if reply is not None and not reply.done():
            reply.set_exception(_NotQueued())
            reply.exception()  # nobody may be waiting: it is looked at

    async def _listen(self) -> None:
        """Replies to this process, one after the other, for as long as it lives."""
        client: Any = on_loop(self._url, socket_timeout=LISTEN + 1, socket_connect_timeout=1)
        try:
            while True:
                try:
                    found = await client.blpop([REPLIES + self._process], timeout=LISTEN)
                except OUTAGE:
                    await asyncio.sleep(0.2)
                    continue
                if found is not None:
                    self._hear(found[1])
        finally:
            await client.aclose()

    def _hear(self, raw: bytes) -> None:
        self._away_until = 0.0
        try:
            told = orjson.loads(raw)
            reply = self._waiting.get(told["number"])
        except (ValueError, KeyError, TypeError):
            return
        if reply is not None and not reply.done():
            reply.set_result(told)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a conversation comes to. `added`: so many lines lead it that are not stored. `room`: tokens for
    the others. The keys are empty where everything fits."""

    tokens: Sequence[int]
    whole: int
    added: int = 0
    room: int = 0
    key: str = ""
    cache_key: str = ""


def _looked(lines: Sequence[Line], budget: int, families: Sequence[str]) -> _Look:
    tokens = plans.tokens_of(lines, families)
    whole = sum(tokens) + TOKENS_PER_MESSAGE * len(lines)
    added = next((place for place, line in enumerate(lines) if line.id is not None), len(lines))
    if whole <= budget or added == len(lines):
        return _Look(tokens, whole, added)
    own = lines[added:]
    room = budget - sum(tokens[:added]) - TOKENS_PER_MESSAGE * added
    key = plans.key_of(own, room, own[-1].text, tokens[added:])
    return _Look(tokens, whole, added, room, key, plans.cache_key(key, own))


def _newest(lines: Sequence[Line], look: _Look, budget: int) -> Ready:
    counted = [plans.with_tokens(line, tokens) for line, tokens in zip(lines, look.tokens, strict=True)]
    return Ready(newest(counted, budget), "newest")


class _NotQueued(Exception):
    """The queue did not take it."""


def _behind(added: Sequence[int], fitted: Fitted) -> Fitted:
    """The fit of what follows lines of `added` tokens, which are sent word for word before it, as one of
    everything."""
    count = len(added)
    if not count:
        return fitted
    pieces = tuple(piece + count if isinstance(piece, int) else piece for piece in fitted.pieces)
    shortened = fitted.shortened
    if shortened is not None:
        more = sum(added) + TOKENS_PER_MESSAGE * count
        shortened = replace(
            shortened,
            before=shortened.before + more,
            after=shortened.after + more,
            whole=shortened.whole + count,
            ranges={place + count: spans for place, spans in shortened.ranges.items()},
        )
    return Fitted((*range(count), *pieces), shortened)
