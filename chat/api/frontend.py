"""`POST /api/metrics/frontend`: what browsers measured, a batch a call.

It always answers 204 and never says what it thought of a batch: who sends nonsense learns nothing, and it is
counted. Nothing of a person is read: no session, no name; the address only paces.
"""

from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from chat.runtime import gateway
from figures import browser, timings
from grump.lib.database import in_database
from grump.lib.pace import Pace
from grump.operations.address import address_of

_of_address = Pace(60, 60.0)
_of_all = Pace(3_000, 60.0)  # whoever has many addresses costs the database no more than this


@csrf_exempt  # a beacon can carry no header; the page's signed token and the Origin stand for it
@require_http_methods(["POST"])
async def timed(request: HttpRequest) -> HttpResponse:
    try:
        batch = _read(request)
    except timings.Unusable as unusable:
        browser.DROPPED.labels(str(unusable)).inc()
    else:
        for reason in batch.dropped:
            browser.DROPPED.labels(reason).inc()
        if batch.timings:
            await in_database(browser.keep, batch, timezone.now())
    return HttpResponse(status=204)


def _read(request: HttpRequest) -> timings.Batch:
    """The cheap questions first. Raises Unusable."""
    if not _from_our_page(request):
        raise timings.Unusable("origin")
    scope = getattr(request, "scope", None) or {"client": (request.META.get("REMOTE_ADDR", ""), 0)}
    address = address_of(scope, settings.BEHIND_PROXY)
    if _of_address.wait(address):
        raise timings.Unusable("rate")
    # Django refuses to read what is far too long, and answers that itself: its length is looked at before.
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not declared.isdigit() or int(declared) > timings.MOST_BYTES or len(request.body) > timings.MOST_BYTES:
        raise timings.Unusable("size")
    try:
        shape = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise timings.Unusable("shape") from None
    batch = timings.read(shape, gateway().catalogue.providers)
    if _of_all.wait("all"):
        raise timings.Unusable("rate")
    return batch


def _from_our_page(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    return bool(parts.netloc) and parts.netloc == request.get_host() and parts.scheme == request.scheme
