"""A process's housekeeping, once every few seconds: heartbeat, checkpoints, stop wishes, reaping.

All of it in a handful of statements however many generations run: there is no write per token.
"""

import asyncio
import logging

from django.conf import settings
from django.db import Error as DatabaseError

from chat import checkpoints, history, reaper
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
        broadcasts = list(self._live.broadcasts.values())
        if not broadcasts:
            return
        grown = {one.id: one.grown() for one in broadcasts if one.has_grown}
        for broadcast in broadcasts:
            broadcast.in_parts |= broadcast.id in grown
        for generation_id in await in_database(checkpoints.store, self._live.process, grown):
            self._live.stop(generation_id)
        # Only now: what the database did not take is part of the next one.
        for broadcast in broadcasts:
            if part := grown.get(broadcast.id):
                broadcast.checkpointed = part.after + len(part.journal)

    async def end_remotes(self) -> None:
        """Followed generations of other processes whose end did not reach us through Valkey."""
        if not self._live.remotes:
            return
        for generation in await in_database(history.ended_among, list(self._live.remotes)):
            self._live.hear_from_storage(generation.id, history.stored_frames(generation))

    async def reap(self) -> None:
        await reaper.reap(self._live.relay)
