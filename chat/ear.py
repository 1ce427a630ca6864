"""What this process hears for its users' sockets, and says to those of others: wake-up calls.

One subscription connection for the whole process, a channel a user who has a socket here. After an outage
it subscribes anew by itself; what was called meanwhile is lost, and found by resuming.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from grump.lib.calls import PREFIX, SOCKET_TIMEOUT, channel_of, encode_call
from grump.lib.clients import on_loop
from grump.lib.tasks import end_tasks
from grump.lib.wire import Wire

logger = logging.getLogger(__name__)

AWAY_PAUSE = 1.0
GATHER = 0.02  # seconds: a tab in another process draws a question so much later


class Ear:
    def __init__(self, url: str, hear: Callable[[dict[str, Any]], None]) -> None:
        self._hear = hear
        self._calls: Any = Wire(url, SOCKET_TIMEOUT)
        self._redis: Redis = on_loop(
            url, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=SOCKET_TIMEOUT
        )
        self._wanted: set[int] = set()
        self.joined: set[int] = set()  # whose calls reach us now
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._to_call: list[tuple[str, bytes]] = []
        self._stirred = asyncio.Event()

    def add(self, user_id: int) -> None:
        self._wanted.add(user_id)
        self._changed.set()

    def discard(self, user_id: int) -> None:
        self._wanted.discard(user_id)
        self._changed.set()

    def call(self, user_id: int, kind: str, **more: Any) -> None:
        """Call the user's sockets in every process, soon."""
        self._to_call.append((channel_of(user_id), encode_call(user_id, kind, **more)))
        self._stirred.set()

    async def _call(self) -> None:
        """All calls of a moment in one piece, and none of them in the way of the turn that makes it."""
        while True:
            await self._stirred.wait()
            await asyncio.sleep(GATHER)
            self._stirred.clear()
            calls, self._to_call = self._to_call, []
            try:
                pipe = self._calls.pipeline()
                for channel, message in calls:
                    pipe.publish(channel, message)
                await pipe.execute()
            except (RedisError, OSError) as error:
                logger.info("Other processes were not called: %s", type(error).__name__)

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._run(), name="ear"),
            asyncio.create_task(self._call(), name="ear: calls"),
        ]

    async def close(self) -> None:
        await end_tasks(self._tasks)
        await self._calls.aclose()
        await self._redis.aclose()

    async def _run(self) -> None:
        while True:
            self.joined.clear()
            try:
                async with self._redis.pubsub() as pubsub, asyncio.TaskGroup() as both:
                    # Reading needs a subscription to begin with; nobody has this number.
                    await pubsub.subscribe(channel_of(0))
                    both.create_task(self._listen(pubsub))
                    both.create_task(self._keep_subscribed(pubsub))
            except* (RedisError, OSError) as errors:
                logger.info("Calls are not heard: %s", errors.exceptions[0])
            await asyncio.sleep(AWAY_PAUSE)

    async def _listen(self, pubsub: PubSub) -> None:
        async for message in pubsub.listen():
            user_id = int(message["channel"].decode().removeprefix(PREFIX))
            match message["type"]:
                case "subscribe":
                    self.joined.add(user_id)
                case "unsubscribe":
                    self.joined.discard(user_id)
                case "message":
                    self._hear(orjson.loads(message["data"]))

    async def _keep_subscribed(self, pubsub: PubSub) -> None:
        asked: set[int] = set()
        while True:
            self._changed.clear()
            come, gone = self._wanted - asked, asked - self._wanted
            if come:
                await pubsub.subscribe(*map(channel_of, come))
            if gone:
                await pubsub.unsubscribe(*map(channel_of, gone))
            asked = (asked | come) - gone
            await self._changed.wait()
