"""What looking ahead may cost the house in a day, and whether something is left of it. Synchronous."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from chat.models import FollowUps, Preload
from grump.accounts.models import User

DAY = timedelta(days=1)
GUESTS_SHARE = 0.2
MOST_OF_A_GUEST = 20  # answers a day that are followed up
MICROUSD_A_CENT = 10_000


def is_left(owner: User) -> bool:
    """Is there money left for this person today?"""
    since = timezone.now() - DAY
    most = settings.LOOK_AHEAD_CENTS_A_DAY * MICROUSD_A_CENT
    if owner.is_guest:
        if FollowUps.objects.filter(owner=owner, created_at__gte=since).count() >= MOST_OF_A_GUEST:
            return False
        return _spent(since, owner__is_guest=True) < most * GUESTS_SHARE
    return _spent(since) < most


def _spent(since: datetime, **whose: Any) -> int:
    asked = FollowUps.objects.filter(created_at__gte=since, **whose).aggregate(sum=Sum("cost_microusd"))
    made = Preload.objects.filter(made_at__gte=since, **whose).aggregate(sum=Sum("cost_microusd"))
    return (asked["sum"] or 0) + (made["sum"] or 0)
