"""The cache's housekeeping."""

from celery import shared_task

from grump.lib.cache import stored


@shared_task(name="cache.prune")  # type: ignore[untyped-decorator]
def prune() -> None:
    stored.prune()
