"""`/usage/`: what was used, joined with what only chat knows: the names of conversations."""

from datetime import UTC

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat.fetched_ahead import may_be_fetched_ahead
from chat.models import Conversation
from grump.accounts.guests import ensure_guest
from usage import reports
from usage.allowance import TeamAllowance
from usage.days import day_at
from usage.models import TeamDay
from usage.standing import standing

TIGHT = 0.8


@require_safe
@may_be_fetched_ahead
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    user = ensure_guest(request)
    now = standing(user.pk)
    today, _ends = day_at(timezone.now(), now.allowed.time_zone)
    spent = reports.by("conversation", user.pk, today)
    ids = [line.name for line in spent if line.name]
    titles = dict(
        Conversation.objects.of(user).filter(id__in=ids, deleted_at=None).values_list("id", "title")
    )
    bars = [
        _bar(_("Messages"), now.requests, now.allowed.requests),
        _bar(_("Tokens"), now.tokens, now.allowed.tokens),
    ]
    if now.allowed.cost_microusd is not None:
        bars.append(_bar(_("Cents"), now.cost_microusd / 10_000, now.allowed.cost_microusd / 10_000))
    bars += _team_bars(now.allowed.team)
    shares = [bar["share"] for bar in bars if bar["share"] is not None]
    return render(
        request,
        "usage/page.html",
        {
            "now": now,
            "bars": bars,
            "cost_usd": now.cost_microusd / 1_000_000,
            "full": any(share >= 1 for share in shares),
            "tight": any(share >= TIGHT for share in shares),
            "days": reports.last_days(user.pk, today),
            "models": reports.by("model", user.pk, today),
            "conversations": [(titles.get(line.name), line) for line in spent],
        },
    )


def _team_bars(team: TeamAllowance | None) -> list[dict]:
    """What the team has used together, of whatever it has a limit of."""
    if team is None:
        return []
    day = TeamDay.objects.filter(team=team.id, date=timezone.now().astimezone(UTC).date()).first()
    day = day or TeamDay(team_id=team.id)
    cost, cents = team.cost_microusd, (day.cost_microusd + day.held_microusd) / 10_000
    bars = [
        _bar(_("Messages of %(team)s") % {"team": team.name}, day.requests, team.requests),
        _bar(_("Tokens of %(team)s") % {"team": team.name}, day.tokens + day.held_tokens, team.tokens),
        _bar(_("Cents of %(team)s") % {"team": team.name}, cents, None if cost is None else cost / 10_000),
    ]
    return [bar for bar in bars if bar["limit"] is not None]


def _bar(title: str, used: float, limit: float | None) -> dict:
    share = None if limit is None else (min(1.0, used / limit) if limit else 1.0)
    return {"title": title, "used": used, "limit": limit, "share": share}
