"""`/usage/`: what was used, joined with what only chat knows: the names of conversations."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat.models import Conversation
from grump.accounts.guests import ensure_guest
from usage import reports
from usage.days import day_at
from usage.standing import standing

TIGHT = 0.8


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    user = ensure_guest(request)
    now = standing(user.pk)
    today, _ = day_at(timezone.now(), now.allowed.time_zone)
    spent = reports.by("conversation", user.pk, today)
    ids = [line.name for line in spent if line.name]
    titles = dict(
        Conversation.objects.of(user).filter(id__in=ids, deleted_at=None).values_list("id", "title")
    )
    bars = [
        _bar("Messages", now.requests, now.allowed.requests),
        _bar("Tokens", now.tokens, now.allowed.tokens),
    ]
    if now.allowed.cost_microusd is not None:
        bars.append(_bar("Cents", now.cost_microusd / 10_000, now.allowed.cost_microusd / 10_000))
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


def _bar(title: str, used: float, limit: float | None) -> dict:
    share = None if limit is None else (min(1.0, used / limit) if limit else 1.0)
    return {"title": title, "used": used, "limit": limit, "share": share}
