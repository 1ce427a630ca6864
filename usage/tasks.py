"""Periodic housekeeping of the API."""

from celery import shared_task

from usage import calls


@shared_task(name="usage.remove_old_calls")
def remove_old_calls() -> None:
    calls.remove_old()
