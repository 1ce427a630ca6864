"""For staff, reading only: `/admin/`, the operations dashboard, and `/admin/providers/`, who can be asked and
who is left alone for now."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat.dashboard import present, shown
from chat.gateway.catalogue import Catalogue
from chat.gateway.loading import load
from chat.gateway.probing import Standing, standings
from chat.prediction import worth
from chat.totals import CUTS, reference_model
from figures.reading import WINDOWS
from grump.lib import env
from grump.lib.breaker import State
from grump.lib.shared_breaker import resting
from usage import overview

_WORDS = {State.OPEN: "left alone for now", State.HALF_OPEN: "about to be tried again"}


@require_safe
@never_cache
def dashboard(request: HttpRequest) -> HttpResponse:
    """How the product does against its goals. `?part=figures` is what the page asks for again and again."""
    wish, now = shown.Wish.of(request.GET), timezone.now()
    read = shown.read_all(wish, now)
    errors = shown.errors_shown(read)
    newest = present.newest_of([code for code, _ in errors], wish.window.begins(now))
    reference = reference_model(_catalogue())
    page = {
        "wish": wish,
        "windows": list(WINDOWS),
        "cuts": CUTS,
        "at": now,
        "groups": shown.groups_shown(wish, read),
        "drilled": shown.drilled(wish, now),
        "money": shown.money(read, reference.name if reference else ""),
        "errors": [{"code": code, "count": count, "newest": newest.get(code)} for code, count in errors],
        "queues": present.queues(),
        "providers": _rows(),
        "refusals": shown.refusals(read),
        "near": overview.near_limits(now)[:10],
    }
    if request.GET.get("part") == "figures":
        return render(request, "admin/_figures.html", page)
    page = {**admin.site.each_context(request), "title": "Operations", **page}
    return render(request, "admin/operations.html", {**page, "app_list": admin.site.get_app_list(request)})


@cache
def _catalogue() -> Catalogue:
    return load(settings.GRUMP_CATALOG, env.everything())


@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    page = {**admin.site.each_context(request), "title": "Providers", "providers": _rows()}
    return render(request, "admin/providers.html", page)


def _rows() -> list[dict[str, Any]]:
    environ = env.everything()
    found, rests = standings(load(settings.GRUMP_CATALOG, environ), environ), resting()
    return [_row(standing, rests) for standing in found]


def _row(standing: Standing, rests: dict[str, State]) -> dict[str, Any]:
    """As this process knows the breakers; with Valkey they are the same in all."""
    provider = standing.provider
    own = rests.get(provider.name)
    models = {
        name: _WORDS.get(state, "")
        for name, state in sorted(rests.items())
        if name.startswith(f"{provider.name}/")
    }
    return {
        "name": provider.title or provider.name,
        "models": standing.models,
        "lacks": standing.lacks,
        "state": _WORDS[own] if own else "",
        "resting": models,
    }


@require_safe
def looking_ahead(request: HttpRequest) -> HttpResponse:
    """`/admin/looking-ahead/`: what was made or offered before anybody asked, and whether it was worth it."""
    page = {
        **admin.site.each_context(request),
        "title": "Looking ahead",
        "preloads": worth.preloads(),
        "follow_ups": worth.follow_ups(),
        "suggestions": worth.suggestions(),
    }
    return render(request, "admin/looking_ahead.html", page)
