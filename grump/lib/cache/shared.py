"""The second tier: Valkey, asked under the breaker, in one round trip a question.

A question is a function that puts commands on a pipeline; it serves both the synchronous client
(django-redis's pool) and the asynchronous one (grump/lib/wire.py), of which each event loop has its own.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from django_redis.cache import RedisCache
from redis import Redis

from grump.lib.breaker import Outcome
from grump.lib.valkey import OUTAGE, TIMEOUT, Away, ValkeyBreaker, tight
from grump.lib.wire import Wire

Question = Callable[[Any], None]


class Shared:
    """`ask` and `aask` return the answers in order. Both raise Away, and ResponseError for a refusal."""

    def __init__(self, url: str, breaker: ValkeyBreaker) -> None:
        self.url, self.breaker = url, breaker
        self._django = RedisCache(url, {"OPTIONS": {"CONNECTION_POOL_KWARGS": tight()}})
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Wire] = WeakKeyDictionary()

    @property
    def client(self) -> "Redis":
        """The synchronous client itself, for what is not on a user's way; nothing guards it."""
        client: Redis = self._django.client.get_client(write=True)
        return client

    def ask(self, question: Question) -> list[Any]:
        with self._leave(), self.client.pipeline(transaction=False) as pipe:
            question(pipe)
            return _first_must_stand(pipe.execute(raise_on_error=False))

    async def aask(self, question: Question) -> list[Any]:
        with self._leave():
            pipe = self._loops_wire().pipeline()  # with clocks of its own
            question(pipe)
            return _first_must_stand(await pipe.execute(raise_on_error=False))

    async def aclose(self) -> None:
        """Let go of the running loop's connections."""
        wire = self._loops.pop(asyncio.get_running_loop(), None)
        if wire is not None:
            await wire.aclose()

    def _loops_wire(self) -> Wire:
        loop = asyncio.get_running_loop()
        wire = self._loops.get(loop)
        if wire is None:
            wire = self._loops[loop] = Wire(self.url, TIMEOUT)
        return wire

    @contextmanager
    def _leave(self) -> Iterator[None]:
        admission = self.breaker.begin()
        outcome = Outcome.ABANDONED  # the asker was cancelled, or Valkey refused
        try:
            yield
            outcome = Outcome.SUCCESS
        except OUTAGE as error:
            outcome = Outcome.FAILURE
            raise Away(type(error).__name__) from error
        finally:
            self.breaker.end(admission, outcome)


def _first_must_stand(answers: list[Any]) -> list[Any]:
    """What follows the first command only tells others: without the right to, it is done by the repair."""
    if answers and isinstance(answers[0], Exception):
        raise answers[0]
    return answers
