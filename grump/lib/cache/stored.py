"""The third tier: the database, for namespaces that ask for it. What fails here is a miss, never an error."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from operator import itemgetter

from django.db import DatabaseError, connection
from django.utils import timezone

from grump.lib.cache.codec import FOREVER
from grump.lib.rows import add

logger = logging.getLogger(__name__)

LONGEST = timedelta(days=90)  # what never ends does, here
MOST_BYTES = 1024 * 1024  # a larger entry stays out of the database
MOST_ROWS = 200_000
PRUNED_AT_ONCE = 1000

# Written out, since every new question asks it on the way to its first word (grump/lib/rows.py says why).
_READ = "SELECT blob FROM tiered_cache_storedentry WHERE key = %s AND expires_at > %s"


def digest(full_key: str) -> str:
    return blake2b(full_key.encode(), digest_size=16).hexdigest()


def read(full_key: str) -> bytes | None:
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    try:
        with connection.cursor() as cursor:
            cursor.execute(_READ, [digest(full_key), now])
            row = cursor.fetchone()
    except DatabaseError as error:
        logger.warning("The stored cache cannot be read: %s", type(error).__name__)
        return None
    return None if row is None else bytes(row[0])


def keys(after: str, most: int) -> list[str]:
    """Digests of what is stored, in their order. Raises the database's errors."""
    from grump.lib.cache.models import StoredEntry

    found = StoredEntry.objects.filter(key__gt=after).order_by("key").values_list("key", flat=True)
    return list(found[:most])


@dataclass(frozen=True, slots=True)
class Row:
    """`expires_at`: seconds of the epoch."""

    full_key: str
    namespace: str
    blob: bytes
    expires_at: float
    owner: str = ""


def write(*rows: Row) -> None:
    """One statement, whoever else writes the same keys; each is there once."""
    from grump.lib.cache.models import StoredEntry

    latest = timezone.now() + LONGEST
    entries = [
        {
            "key": digest(row.full_key),
            "namespace": row.namespace,
            "blob": row.blob,
            "expires_at": latest
            if row.expires_at == FOREVER
            else min(datetime.fromtimestamp(row.expires_at, UTC), latest),
            "owner": row.owner,
        }
        for row in rows
        if len(row.blob) <= MOST_BYTES
    ]
    if not entries:
        return
    # In one order everywhere: two processes that write the same ones must not each wait for the other.
    entries.sort(key=itemgetter("key"))
    try:
        add(StoredEntry, *entries, or_update="key")
    except DatabaseError as error:
        logger.warning("The stored cache cannot be written: %s", type(error).__name__)


def remove(full_key: str) -> bool:
    from grump.lib.cache.models import StoredEntry

    try:
        return StoredEntry.objects.filter(key=digest(full_key)).delete()[0] > 0
    except DatabaseError as error:
        logger.warning("The stored cache cannot be changed: %s", type(error).__name__)
        return False


def forget(owners: Collection[str]) -> None:
    """Raises the database's errors: who asked to be forgotten must not be told that they were."""
    from grump.lib.cache.models import StoredEntry

    StoredEntry.objects.filter(owner__in=owners).delete()


def clear() -> None:
    from grump.lib.cache.models import StoredEntry

    StoredEntry.objects.all().delete()


def prune(most: int = MOST_ROWS) -> int:
    """Remove what has ended, and what ends soonest beyond `most` rows; a thousand rows a statement."""
    from grump.lib.cache.models import StoredEntry

    removed = 0
    ended = StoredEntry.objects.filter(expires_at__lte=timezone.now())
    while keys := list(ended.order_by("expires_at").values_list("key", flat=True)[:PRUNED_AT_ONCE]):
        removed += StoredEntry.objects.filter(key__in=keys).delete()[0]
    beyond = StoredEntry.objects.count() - most
    while beyond > 0:
        soonest = StoredEntry.objects.order_by("expires_at").values_list("key", flat=True)
        gone = StoredEntry.objects.filter(key__in=list(soonest[: min(beyond, PRUNED_AT_ONCE)])).delete()[0]
        removed, beyond = removed + gone, beyond - max(gone, 1)
    return removed
