"""How somebody comes to a larger plan. A payment service is a further `Payment`; quotas know none of it.

The one that works without any service is an operator's decision: the wish is kept, and approved or declined
in the admin.
"""

from typing import Protocol

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grump.accounts.models import User
from usage.models import Membership, Plan, UpgradeRequest


class Payment(Protocol):
    def ask(self, user: User, plan: Plan, note: str) -> str:
        """Begin an upgrade; returns what happens next, in words for the user."""
        ...


class OperatorsDecision:
    def ask(self, user: User, plan: Plan, note: str) -> str:
        """Asked again while one waits: the later wish replaces the earlier one."""
        UpgradeRequest.objects.update_or_create(
            owner=user, state=UpgradeRequest.State.WAITING, defaults={"plan": plan, "note": note}
        )
        said = _("Your wish for %(plan)s is with the people who run this. You keep what you have until then.")
        return said % {"plan": plan.title}


payment: Payment = OperatorsDecision()


def approve(wish: UpgradeRequest) -> bool:
    """The plan is theirs from the next message on. False if somebody has decided already."""
    with transaction.atomic():
        if not _decide(wish, UpgradeRequest.State.APPROVED):
            return False
        Membership.objects.update_or_create(owner_id=wish.owner_id, defaults={"plan_id": wish.plan_id})
    return True


def decline(wish: UpgradeRequest) -> bool:
    return _decide(wish, UpgradeRequest.State.DECLINED)


def _decide(wish: UpgradeRequest, state: UpgradeRequest.State) -> bool:
    waiting = UpgradeRequest.objects.filter(pk=wish.pk, state=UpgradeRequest.State.WAITING)
    return bool(waiting.update(state=state, decided_at=timezone.now()))
