"""SQLite's log of writes is folded into its file behind everybody's back.

Left to itself SQLite does so within whichever commit finds the log long, every 60 turns or so, and that turn
waits for the disk: 5 ms more before its first word.
"""

import asyncio

from django.db import connection


async def fold() -> None:
    """Of the log what no reader needs. Waits for nobody, and nobody for it; nothing on other databases."""
    if connection.vendor == "sqlite":
        await asyncio.to_thread(_fold)


def _fold() -> None:
    """In a thread of its own: all that is read and written shares one (grump/lib/database.py)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()
