"""The operations' own URLs, beside doors that fail in every way a view can."""

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_GET

handler400 = "grump.operations.errors.bad_request"


async def fail(request: HttpRequest, how: str) -> HttpResponse:
    errors = {
        "bad": BadRequest,
        "forbidden": PermissionDenied,
        "missing": Http404,
        "broken": ZeroDivisionError,
    }
    raise errors[how]


async def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


async def limited(request: HttpRequest) -> HttpResponse:
    return HttpResponse("slow down", status=429, headers={"Retry-After": "7"})


async def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse('{"error": {"code": "mine"}}', status=409, content_type="application/json")


doors = [
    path("fail/<how>", fail),
    path("read", read),
    path("limited", limited),
    path("own", own),
    path("get-only", require_GET(read)),
]
urlpatterns = [
    path("", include("grump.operations.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/", include(doors)),
    path("v1/", include(doors)),
    path("pages/", include(doors)),
]
