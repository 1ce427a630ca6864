"""The operator's doors: is it alive, is it ready, what does it measure."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from grump.operations.health import health
from grump.operations.measuring import registry

LOOPBACK = frozenset({"127.0.0.1", "::1"})
FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")


@never_cache
@require_safe
async def overview(request: HttpRequest) -> JsonResponse:
    """The same report as `ready`, for people: always 200 while the process can speak."""
    return JsonResponse((await health.report()).as_json())


@never_cache
@require_safe
async def live(request: HttpRequest) -> JsonResponse:
    """The process runs and its loop turns. Asks nobody: a dead database is no reason to be restarted."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
async def ready(request: HttpRequest) -> JsonResponse:
    report = await health.report()
    return JsonResponse(report.as_json(), status=503 if report.status == "missing" else 200)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_measure(request):
        raise Http404  # not 403: a stranger need not learn that it exists
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def _may_measure(request: HttpRequest) -> bool:
    """This machine itself (not somebody whom a proxy on it speaks for), or the token's bearer."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        if hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
            return True
    forwarded = settings.BEHIND_PROXY or any(name in request.headers for name in FORWARDED)
    return not forwarded and request.META.get("REMOTE_ADDR") in LOOPBACK
