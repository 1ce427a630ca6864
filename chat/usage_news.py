"""What is left of today, told to every tab of a user soon after it changed, however often it changes."""

import asyncio
import logging

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError

from chat import protocol
from chat.live import Live
from grump.lib.database import in_database
from grump.lib.tasks import end_tasks
from usage.standing import standing

logger = logging.getLogger(__name__)

GATHER = 0.2  # seconds: a turn that begins and one that ends within them are one piece of news


class UsageNews:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._changed: set[int] = set()
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="usage-news")

    async def close(self) -> None:
        await end_tasks([self._task])

    def touch(self, user_id: int) -> None:
        """Something of this user's usage has changed; the tabs hear of it soon."""
        self._changed.add(user_id)
        self._stirred.set()

    async def _run(self) -> None:
        while True:
            await self._stirred.wait()
            await asyncio.sleep(GATHER)
            self._stirred.clear()
            changed, self._changed = self._changed, set()
            for user_id in changed:
                await self._tell(user_id)

    async def _tell(self, user_id: int) -> None:
        try:
            now = await in_database(standing, user_id)
        except ObjectDoesNotExist:
            return  # they have left meanwhile; the others are told all the same
        except DatabaseError as error:
            # The next change tells it; no answer waits for this.
            logger.info("Usage could not be read: %s", type(error).__name__)
            return
        self._live.tell_user(user_id, protocol.UsageUpdate(**now.as_json()))
