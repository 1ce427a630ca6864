"""What this process hears on the channel layer for its users' sockets: wake-up calls and revocations.

One channel for the whole process, in a group a user: a socket lives on while the layer is away, which a
consumer's own channel would not let it. The layer may drop a call; nothing depends on one but speed.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer

from grump.accounts.revocation import socket_group

logger = logging.getLogger(__name__)

AWAY_PAUSE = 1.0


class Ear:
    def __init__(self, hear: Callable[[dict[str, Any]], None]) -> None:
        self._hear = hear
        self._wanted: set[int] = set()
        self._joined: set[int] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, user_id: int) -> None:
        self._wanted.add(user_id)
        self._changed.set()

    def discard(self, user_id: int) -> None:
        self._wanted.discard(user_id)
        self._changed.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="ear")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await get_channel_layer().flush()

    async def _run(self) -> None:
        while True:
            self._joined.clear()
            try:
                layer = get_channel_layer()
                channel = await layer.new_channel()
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._listen(layer, channel))
                    both.create_task(self._keep_groups(layer, channel))
            except Exception as error:  # the layer's own errors and redis-py's have no common base
                logger.info("The channel layer is away: %s", type(error).__name__)
                await asyncio.sleep(AWAY_PAUSE)

    async def _listen(self, layer: Any, channel: str) -> None:
        while True:
            self._hear(await layer.receive(channel))

    async def _keep_groups(self, layer: Any, channel: str) -> None:
        while True:
            for user_id in self._wanted - self._joined:
                await layer.group_add(socket_group(user_id), channel)
                self._joined.add(user_id)
            for user_id in self._joined - self._wanted:
                await layer.group_discard(socket_group(user_id), channel)
                self._joined.discard(user_id)
            if self._wanted == self._joined:
                self._changed.clear()
                await self._changed.wait()
