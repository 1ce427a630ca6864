"""What an operator wants to know of usage: who is near a limit, who costs what, which plan pays for itself.

A constant number of queries each, whatever the number of people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, Count, ExpressionWrapper, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from usage.allowance import FREE
from usage.models import Day, Plan

DAYS = 30
NEAR = 0.8
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody of whose day at least `NEAR` is used; `share` of the nearest limit."""

    user_id: int
    name: str
    plan: str
    share: float


@dataclass(frozen=True, slots=True)
class Spender:
    user_id: int
    name: str
    requests: int
    tokens: int
    house_usd: float


@dataclass(frozen=True, slots=True)
class PlanMargin:
    """Over the last 30 days: people who used it, what they pay for it, what they cost the house."""

    plan: str
    people: int
    income_usd: float
    house_usd: float

    @property
    def margin_usd(self) -> float:
        return self.income_usd - self.house_usd


def _plan_name() -> Case:
    return Case(
        When(owner__memberships__plan__isnull=False, then=F("owner__memberships__plan__name")),
        When(owner__is_guest=True, then=Value(settings.GRUMP_GUEST_PLAN)),
        default=Value(FREE),
        output_field=CharField(),
    )


def near_limits(now: datetime) -> list[Near]:
    """The nearest first. One query for the usual plans, one for the people."""
    usual = {plan.name: plan for plan in Plan.objects.filter(name__in=[FREE, settings.GRUMP_GUEST_PLAN])}
    limits: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for field, used in (
        ("requests_per_day", F("requests")),
        ("tokens_per_day", F("tokens") + F("held_tokens")),
        ("cost_per_day_microusd", F("cost_microusd") + F("held_microusd")),
    ):
        default = Case(
            When(owner__memberships__plan__isnull=False, then=F(f"owner__memberships__plan__{field}")),
            When(owner__is_guest=True, then=Value(_limit(usual, settings.GRUMP_GUEST_PLAN, field))),
            default=Value(_limit(usual, FREE, field)),
            output_field=FloatField(),
        )
        limits[f"most_{field}"] = Coalesce(
            F(f"owner__memberships__{field}"), default, output_field=FloatField()
        )
        share = ExpressionWrapper(used * 1.0, FloatField()) / F(f"most_{field}")
        parts[f"share_{field}"] = Case(
            When(Q(**{f"most_{field}__gt": 0}), then=share),
            default=Value(0.0),
            output_field=FloatField(),
        )
    near = Q()
    for name in parts:
        near |= Q(**{f"{name}__gte": NEAR})
    rows = (
        Day.objects.filter(ends_at__gt=now)
        .annotate(**limits)
        .annotate(**parts)
        .annotate(plan=_plan_name())
        .filter(near)
        .values("owner_id", "owner__username", "plan", *parts)[:1000]
    )
    found = [
        Near(row["owner_id"], row["owner__username"], row["plan"], max(row[name] for name in parts))
        for row in rows
    ]
    return sorted(found, key=lambda one: -one.share)[:MOST_LINES]


def _limit(plans: dict[str, Plan], name: str, field: str) -> float | None:
    plan = plans.get(name)
    return None if plan is None else getattr(plan, field)


def spenders(now: datetime) -> list[Spender]:
    """Who cost the house most in the last 30 days. One query."""
    rows = (
        Day.objects.filter(date__gt=(now - timedelta(days=DAYS)).date())
        .values("owner_id", "owner__username")
        .annotate(asked=Sum("requests"), used=Sum("tokens"), house=Sum("house_microusd"))
        .order_by("-house", "-used")[:MOST_LINES]
    )
    return [
        Spender(row["owner_id"], row["owner__username"], row["asked"], row["used"], row["house"] / 1_000_000)
        for row in rows
    ]


def margins(now: datetime) -> list[PlanMargin]:
    """Every plan that was used, in the plans' order. Two queries."""
    rows = {
        row["plan"]: row
        for row in Day.objects.filter(date__gt=(now - timedelta(days=DAYS)).date())
        .annotate(plan=_plan_name())
        .values("plan")
        .annotate(people=Count("owner", distinct=True), house=Sum("house_microusd"))
    }
    return [
        PlanMargin(
            plan.title,
            rows[plan.name]["people"],
            rows[plan.name]["people"] * plan.cents_a_month / 100,
            rows[plan.name]["house"] / 1_000_000,
        )
        for plan in Plan.objects.all()
        if plan.name in rows
    ]
