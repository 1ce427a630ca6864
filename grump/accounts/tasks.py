"""Periodic housekeeping of accounts."""

import logging

from celery import shared_task
from django.core.management import call_command

from grump.accounts import guests

logger = logging.getLogger(__name__)


@shared_task(name="accounts.remove_empty_guests")
def remove_empty_guests() -> None:
    """Bound what crawlers and one-time visitors leave in the tables. Safe to run twice at once."""
    empty, unreachable = guests.remove_empty(), guests.remove_unreachable()
    sessions = guests.remove_orphaned_sessions()
    call_command("clearsessions")
    if empty or unreachable or sessions:
        logger.info("removed %d empty guests, %d unreachable, %d sessions", empty, unreachable, sessions)
