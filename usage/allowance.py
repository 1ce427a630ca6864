"""Which limits hold for a person: those of their plan, with their own before them."""

import json
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from grump.accounts.models import User
from usage.builtin_plans import BUILT_IN
from usage.models import Plan

FREE = "free"


@dataclass(frozen=True, slots=True)
class Allowance:
    """None: no limit. `models` empty: every model; `tiers` empty: every tier."""

    plan: str
    time_zone: str
    requests: int | None
    tokens: int | None
    cost_microusd: int | None
    per_minute: int | None
    concurrency: int | None
    models: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    team: "TeamAllowance | None" = None


@dataclass(frozen=True, slots=True)
class TeamAllowance:
    """What a team may use a day, together; None: no limit."""

    id: int
    name: str
    requests: int | None
    tokens: int | None
    cost_microusd: int | None


class UnknownPlan(Exception):
    """There is no plan of this name."""


_ALLOWED = """
SELECT
    person.time_zone, person.is_guest, own.requests_per_day, own.tokens_per_day, own.cost_per_day_microusd,
    plan.name, plan.requests_per_day, plan.tokens_per_day, plan.cost_per_day_microusd,
    plan.requests_per_minute, plan.concurrency, plan.allowed_models, plan.allowed_tiers,
    team.id, team.name, team.requests_per_day, team.tokens_per_day, team.cost_per_day_microusd
FROM accounts_user person
LEFT JOIN usage_membership own ON own.owner_id = person.id
LEFT JOIN usage_plan plan ON plan.id = own.plan_id
    OR (own.plan_id IS NULL AND plan.name = CASE WHEN person.is_guest THEN %s ELSE %s END)
LEFT JOIN usage_team team ON team.id = own.team_id
WHERE person.id = %s
"""


def allowance_of(user_id: int) -> Allowance:
    """One query, written out as it runs for every message. Raises User.DoesNotExist and UnknownPlan."""
    with connection.cursor() as cursor:
        cursor.execute(_ALLOWED, [settings.GRUMP_GUEST_PLAN, FREE, user_id])
        row = cursor.fetchone()
    if row is None:
        raise User.DoesNotExist
    zone, guest, plan = row[0], row[1], row[5]
    if plan is None:
        usual_plan(settings.GRUMP_GUEST_PLAN if guest else FREE)
        return allowance_of(user_id)
    requests, tokens, cost = map(_first, row[2:5], row[6:9])
    per_minute, concurrency, models, tiers = row[9:13]
    return Allowance(
        plan=plan,
        time_zone=zone,
        requests=requests,
        tokens=tokens,
        cost_microusd=cost,
        per_minute=per_minute,
        concurrency=concurrency,
        models=tuple(json.loads(models)),
        tiers=tuple(json.loads(tiers)),
        team=None if row[13] is None else TeamAllowance(*row[13:]),
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
