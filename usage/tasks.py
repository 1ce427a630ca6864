"""Periodic housekeeping of quotas and the API."""

from celery import shared_task

from usage import calls, quota
from usage.rebuilding import rebuild


@shared_task(name="usage.remove_old_calls")
def remove_old_calls() -> None:
    calls.remove_old()


@shared_task(name="usage.expire_holds")
def expire_holds() -> None:
    quota.expire()


@shared_task(name="usage.rebuild")
def rebuild_counters() -> None:
    """Accounts that merge on one day keep one row of counters: it becomes the sum of both here."""
    rebuild()
