"""The cache's housekeeping."""

from celery import shared_task

from grump.lib.cache import stored
from grump.lib.cache.forgetting import forget


@shared_task(name="cache.prune")  # type: ignore[untyped-decorator]
def prune() -> None:
    stored.prune()


@shared_task(name="cache.forget")  # type: ignore[untyped-decorator]
def forget_again(owners: list[str]) -> None:
    forget(*owners)
