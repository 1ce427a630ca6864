"""Which limits hold for a person: those of their plan, with their own before them."""

from dataclasses import dataclass

from django.conf import settings

from grump.accounts.models import User
from usage.builtin_plans import BUILT_IN
from usage.models import Plan

FREE = "free"


@dataclass(frozen=True, slots=True)
class Allowance:
    """None: no limit. `models` empty: every model."""

    plan: str
    time_zone: str
    requests: int | None
    tokens: int | None
    cost_microusd: int | None
    per_minute: int | None
    concurrency: int | None
    models: tuple[str, ...] = ()


class UnknownPlan(Exception):
    """There is no plan of this name."""


def allowance_of(user_id: int) -> Allowance:
    """Two queries. Raises User.DoesNotExist and UnknownPlan."""
    zone, guest, plan_id, *own = User.objects.values_list(
        "time_zone",
        "is_guest",
        "memberships__plan",
        "memberships__requests_per_day",
        "memberships__tokens_per_day",
        "memberships__cost_per_day_microusd",
    ).get(pk=user_id)
    if plan_id is None:
        plan = usual_plan(settings.GRUMP_GUEST_PLAN if guest else FREE)
    else:
        plan = Plan.objects.get(pk=plan_id)
    return Allowance(
        plan=plan.name,
        time_zone=zone,
        requests=_first(own[0], plan.requests_per_day),
        tokens=_first(own[1], plan.tokens_per_day),
        cost_microusd=_first(own[2], plan.cost_per_day_microusd),
        per_minute=plan.requests_per_minute,
        concurrency=plan.concurrency,
        models=tuple(plan.allowed_models),
    )


def usual_plan(name: str) -> Plan:
    """By name. A built-in plan that was deleted comes back as it was."""
    plan = Plan.objects.filter(name=name).first()
    if plan is None and name in BUILT_IN:
        plan, _ = Plan.objects.get_or_create(name=name, defaults=BUILT_IN[name])
    if plan is None:
        raise UnknownPlan(f"There is no plan called {name!r}.")
    return plan


def _first(own: int | None, plans: int | None) -> int | None:
    return plans if own is None else own
