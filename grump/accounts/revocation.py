"""Close a user's open sockets: rights that are gone must not live on in a connection."""

import asyncio
import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

SEND_SECONDS = 2.0


def socket_group(user_id: int) -> str:
    """The channel-layer group that every socket of the user joins."""
    return f"user.{user_id}"


def close_sockets(*user_ids: int) -> None:
    """Tell every process to close the sockets of these users (`{"type": "session.revoked", "user_id": …}`).

    Never raises: a dead Valkey must not keep somebody from logging out. The sockets of this moment
    then stay open, and the log says so.
    """
    layer = get_channel_layer()
    if layer is None or not user_ids:
        return

    async def send() -> None:
        async with asyncio.timeout(SEND_SECONDS):
            for user_id in user_ids:
                await layer.group_send(socket_group(user_id), {"type": "session.revoked", "user_id": user_id})

    try:
        async_to_sync(send)()
    except Exception as error:  # whatever the layer's client raises, the caller's work is done
        logger.error("sockets of %d users could not be closed: %s", len(user_ids), type(error).__name__)
