"""The wake-up call to a user's sockets in other processes: what changed, and which generation to follow.

It travels by the channel layer, which may drop it or be away; nothing depends on it but speed: a page that
missed it catches up when it resumes.
"""

import asyncio
import logging
from uuid import UUID

from channels.layers import get_channel_layer

from chat.protocol import ServerFrame, encode
from grump.accounts.revocation import socket_group

logger = logging.getLogger(__name__)

_sending: set[asyncio.Task[None]] = set()  # a task nobody holds may be collected


def wake(user_id: int, process: str, frame: ServerFrame, generation_id: UUID | None = None) -> None:
    """Tell the user's sockets outside `process`, without waiting for it."""
    message = {
        "type": "live.wake",
        "user_id": user_id,
        "process": process,
        "frame": encode(frame),
        "generation_id": str(generation_id) if generation_id else None,
    }
    task = asyncio.create_task(_send(socket_group(user_id), message))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


async def _send(to: str, message: dict[str, object]) -> None:
    try:
        await get_channel_layer().group_send(to, message)
    except Exception as error:  # the layer's own errors and redis-py's have no common base
        logger.info("Other processes were not woken: %s", type(error).__name__)
