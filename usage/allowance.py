"""Which limits hold for a person: those of their plan, with their own before them."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

from grump.accounts.models import User
from grump.lib.rows import as_model_has, row
from usage.builtin_plans import BUILT_IN
from usage.models import Day, Plan
from usage.statements import Newest

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
    person.time_zone, person.is_guest, own.requests_per_day, own.tokens_per_day, own.cost_per_day_microusd,
    plan.name, plan.requests_per_day, plan.tokens_per_day, plan.cost_per_day_microusd,
    plan.requests_per_minute, plan.concurrency, plan.allowed_models, plan.allowed_tiers,
    team.id, team.name, team.requests_per_day, team.tokens_per_day, team.cost_per_day_microusd
"""
_FROM = """
FROM accounts_user person
LEFT JOIN usage_membership own ON own.owner_id = person.id
LEFT JOIN usage_plan plan ON plan.id = own.plan_id
    OR (own.plan_id IS NULL AND plan.name = CASE WHEN person.is_guest THEN %s ELSE %s END)
LEFT JOIN usage_team team ON team.id = own.team_id
"""
_OF_PERSON = "WHERE person.id = %s"
_ALONE = f"SELECT {_ALLOWED} {_FROM} {_OF_PERSON}"
_WITH_DAY = f"""
SELECT {_ALLOWED}, day.id, day.date, day.ends_at, day.usual_output {_FROM}
LEFT JOIN usage_day day ON day.id = (
    SELECT id FROM usage_day WHERE owner_id = person.id ORDER BY ends_at DESC LIMIT 1
)
{_OF_PERSON}
"""  # noqa: S608 - our own words


def allowance_of(user_id: int) -> Allowance:
    """One query. Raises User.DoesNotExist and UnknownPlan."""
    return _allowance(_found(_ALONE, user_id))


def allowance_and_day(user_id: int) -> tuple[Allowance, Newest | None]:
    """The same, with the day that is under way or was last; still one query, written out as it runs for every
    message."""
    found = _found(_WITH_DAY, user_id)
    day = found[-4:]
    newest = None if day[0] is None else Newest(*as_model_has(Day, Newest._fields, day))
    return _allowance(found), newest


def _found(sql: str, user_id: int) -> tuple[Any, ...]:
    found = row(sql, [settings.GRUMP_GUEST_PLAN, FREE, user_id])
    if found is None:
        raise User.DoesNotExist
    if found[5] is None:
        usual_plan(settings.GRUMP_GUEST_PLAN if found[1] else FREE)
        return _found(sql, user_id)
    return found


def _allowance(row: tuple[Any, ...]) -> Allowance:
    requests, tokens, cost = map(_first, row[2:5], row[6:9])
    per_minute, concurrency, models, tiers = row[9:13]
    return Allowance(
        plan=row[5],
        time_zone=row[0],
        requests=requests,
        tokens=tokens,
        cost_microusd=cost,
        per_minute=per_minute,
        concurrency=concurrency,
        models=tuple(orjson.loads(models)),
        tiers=tuple(orjson.loads(tiers)),
        team=None if row[13] is None else TeamAllowance(*row[13:18]),
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
