"""Somebody is to be forgotten: what was kept for them goes, now and once more.

Once more, because an answer that was being made when they left is kept when it is done.
"""

import logging
from functools import partial
from typing import cast

from celery import current_app
from django.core.cache import caches
from django.db import DatabaseError

from grump.lib import publishing
from grump.lib.cache.backend import TieredCache

logger = logging.getLogger(__name__)

# Seconds: longer than an answer takes, and so much less than `visibility_timeout` (grump/settings.py) that
# Valkey does not hand the waiting task to a second worker.
ONCE_MORE = 7 * 60


def forget(*owners: int | str, once_more: bool = False) -> None:
    """Never raises: they are gone, and what could not be told ends by itself. Blocks for a few questions."""
    names = tuple(map(str, owners))
    try:
        cast(TieredCache, caches["default"]).forget(*names)
    except DatabaseError as error:
        logger.error("What was kept for %d people was not removed: %s", len(names), type(error).__name__)
    if once_more:
        again = partial(
            current_app.send_task, "cache.forget", args=[list(names)], countdown=ONCE_MORE, retry=False
        )
        if not publishing.from_thread("cache.forget", again):
            logger.error("Nobody looks once more for what was kept: the queue is away")
