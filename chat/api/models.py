"""`/api/models`: what the model picker offers; `/api/providers`: how those who answer it are doing."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from chat.api.conversations import for_owner
from chat.gateway.routing import Health
from chat.gateway.stack import ModelEntry
from chat.runtime import gateway
from chat.shapes import model_shape


@require_http_methods(["GET"])
async def index(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"models": [model_shape(entry) for entry in gateway().offered()]})


@require_http_methods(["GET"])
@for_owner
async def providers(request: HttpRequest, user_id: int) -> HttpResponse:
    """Of each that is configured: is it asked now, how soon did it begin lately. No key, address or error."""
    health = gateway().health()
    entries: dict[str, list[ModelEntry]] = {}
    for entry in gateway().models():
        if entry.configured:
            entries.setdefault(entry.provider.name, []).append(entry)
    return JsonResponse({"providers": [_health_shape(found, health) for found in entries.values()]})


def _health_shape(entries: list[ModelEntry], health: Health) -> dict[str, Any]:
    """`state` is up, partly (some of its models are left alone for now) or resting (all of it is)."""
    provider = entries[0].provider
    resting = [entry for entry in entries if entry.model.name in health.resting]
    gone = provider.name in health.resting or len(resting) == len(entries)
    times = [health.first_token_s(entry.model.name) for entry in entries]
    known = [seconds for seconds in times if seconds is not None]
    return {
        "provider": provider.name,
        "title": provider.title or provider.name,
        "state": "resting" if gone else "partly" if resting else "up",
        "first_token_ms": round(min(known) * 1000) if known else None,
    }
