"""`/admin/providers/`: who can be asked, and who is left alone for now, for staff. Reads only."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.gateway.loading import load
from chat.gateway.probing import Standing, standings
from grump.lib import env
from grump.lib.breaker import State
from grump.lib.shared_breaker import resting

_WORDS = {State.OPEN: "left alone for now", State.HALF_OPEN: "about to be tried again"}


@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    environ = env.everything()
    found, rests = standings(load(settings.GRUMP_CATALOG, environ), environ), resting()
    page = {
        **admin.site.each_context(request),
        "title": "Providers",
        "providers": [_row(standing, rests) for standing in found],
    }
    return render(request, "admin/providers.html", page)


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
