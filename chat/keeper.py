"""A process's housekeeping, once every few seconds: heartbeat, checkpoints, stop wishes, reaping.

All of it in a handful of statements however many generations run: there is no write per token.
"""

import asyncio
import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError

from chat import history, reaper
from chat.live import Live
from chat.metrics import LOOP_DELAY, TASKS
from grump.lib.database import in_database
from grump.lib.folding import fold
from grump.lib.tasks import end_tasks

logger = logging.getLogger(__name__)


class Keeper:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="keeper")

    async def close(self) -> None:
        await end_tasks([self._task])

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + settings.HEARTBEAT_SECONDS
            await asyncio.sleep(settings.HEARTBEAT_SECONDS)
            LOOP_DELAY.observe(clock() - due)
            TASKS.set(len(asyncio.all_tasks()))
            for chore in (self.checkpoint, self.end_remotes, self.reap, fold):
                try:
                    await chore()
                except DatabaseError:
                    # Next time; a heartbeat may be late by two rounds before anybody takes us for dead.
                    logger.warning("The database did not answer the keeper", exc_info=True)

    async def checkpoint(self) -> None:
        """Heartbeat, and what has grown since the last time."""
        grown: dict[UUID, dict[str, Any]] = {}
        for broadcast in self._live.broadcasts.values():
            if len(broadcast.frames) > broadcast.saved_frames and not broadcast.temporary:
                broadcast.saved_frames = len(broadcast.frames)
                grown[broadcast.id] = {
                    "text": broadcast.text,
                    "reasoning": broadcast.reasoning,
                    "journal": list(broadcast.journal),
                }
        if not self._live.broadcasts:
            return
        for generation_id in await in_database(history.checkpoint, self._live.process, grown):
            self._live.stop(generation_id)

    async def end_remotes(self) -> None:
        """Followed generations of other processes whose end did not reach us through Valkey."""
        if not self._live.remotes:
            return
        for generation in await in_database(history.ended_among, list(self._live.remotes)):
            self._live.hear_from_storage(generation.id, history.stored_frames(generation))

    async def reap(self) -> None:
        await reaper.reap(self._live.relay)
