"""Close a user's open sockets: rights that are gone must not live on in a connection."""

import logging

from redis.exceptions import RedisError

from grump.lib.calls import call

logger = logging.getLogger(__name__)

REVOKED = "session.revoked"


def close_sockets(*user_ids: int) -> None:
    """Tell every process to close the sockets of these users.

    Never raises: a dead Valkey must not keep somebody from logging out. A socket that does not hear it
    finds out by itself within a minute (`chat.consumers`).
    """
    try:
        for user_id in user_ids:
            call(user_id, REVOKED)
    except (RedisError, OSError) as error:
        count, kind = len(user_ids), type(error).__name__
        logger.error("sockets of %d users could not be closed at once: %s", count, kind)
