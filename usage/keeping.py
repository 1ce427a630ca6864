"""For how long what people wrote is kept: their plan says so."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from usage.allowance import FREE
from usage.models import Membership, Plan


def keeping_plans() -> Iterator[tuple[timedelta, Q]]:
    """For each plan that keeps texts for a time only: that time, and a condition on an `owner` of it."""
    for plan in Plan.objects.exclude(keep_days=None):
        owners = Q(owner__in=Membership.objects.filter(plan=plan).values("owner"))
        without = ~Q(owner__in=Membership.objects.values("owner"))
        if plan.name == FREE:
            owners |= without & Q(owner__is_guest=False)
        if plan.name == settings.GRUMP_GUEST_PLAN:
            owners |= without & Q(owner__is_guest=True)
        yield timedelta(days=plan.keep_days or 0), owners
