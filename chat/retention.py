"""What is older than its owner's plan keeps goes for good: rows, search index and all.

What is left elsewhere: kept answers for `ANSWER_CACHE_SECONDS` at most, backups for as long as they are kept,
and the bytes of freed pages until the database writes over them.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from chat.models import Conversation, Generation
from usage.keeping import keeping_plans

logger = logging.getLogger(__name__)

AT_ONCE = 50  # conversations in one transaction: nobody waits long for the write lock


def remove_expired(now: datetime | None = None) -> int:
    """Returns how many conversations. One that is being answered is never touched."""
    removed = 0
    running = Generation.objects.filter(message__conversation=OuterRef("pk"), state=Generation.State.RUNNING)
    for kept, owners in keeping_plans():
        past = (now or timezone.now()) - kept
        expired = Conversation.objects.filter(owners, ~Exists(running), updated_at__lt=past)
        while ids := list(expired.values_list("pk", flat=True)[:AT_ONCE]):
            removed += _remove(ids, past)
    if removed:
        logger.info("removed %d conversations that were older than their plan keeps", removed)
    return removed


def _remove(ids: list[UUID], past: datetime) -> int:
    with transaction.atomic():
        # Written to since they were looked up: they stay. What is locked cannot be written to meanwhile.
        locked = Conversation.objects.select_for_update().filter(pk__in=ids, updated_at__lt=past)
        doomed = list(locked.values_list("pk", flat=True))
        Conversation.objects.filter(pk__in=doomed).delete()
    return len(doomed)
