"""Errors as their reader expects them: JSON under /api/ and /v1/, a page elsewhere."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from django.views.csrf import csrf_failure as csrf_page

API = ("/api/", "/v1/")

KNOWN = {
    400: ("bad_request", "The request could not be understood."),
    401: ("unauthorized", "This needs a key or a log-in."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is larger than this address takes."),
    415: ("unsupported_media_type", "The body's type is not one this address reads."),
    429: ("rate_limited", "Too many requests; wait a little."),
    500: ("internal", "Something broke on our side."),
    503: ("unavailable", "Not available at the moment."),
}


def error_response(status: int, code: str = "", message: str = "") -> JsonResponse:
    """`{"error": {"code", "message"}}`; both have a default for every status in `KNOWN`."""
    known_code, known_message = KNOWN.get(status, KNOWN[500 if status >= 500 else 400])
    return JsonResponse(
        {"error": {"code": code or known_code, "message": message or known_message}}, status=status
    )


class ApiErrorsMiddleware:
    """Turns whatever error page an API path came to (from Django, a decorator, a view) into JSON."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        return self._later(request) if self.is_async else _as_json(self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _as_json(await self.get_response(request))


def _as_json(response: HttpResponseBase) -> HttpResponseBase:
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith("application/json"):
        return response
    answer = error_response(response.status_code)
    # All that was said besides the page stays: what is allowed, when to try again, the safe headers.
    for name, value in response.headers.items():
        if not name.startswith("Content-") or name == "Content-Security-Policy":
            answer.headers.setdefault(name, value)
    answer.cookies = response.cookies
    return answer


def _drawn(status: int, draw: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Nothing is drawn for a program. A page asks who is looking at it, and Django draws this one in a thread
    of the event loop that no request ever tidies up: its connection to the database would stay with it for
    good, and eight such threads are a whole pool."""

    @wraps(draw)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.path_info.startswith(API):
            return error_response(status)
        try:
            return draw(request, *args, **kwargs)
        finally:
            if not connection.in_atomic_block:
                connection.close()

    return answered


forbidden = _drawn(403, defaults.permission_denied)
not_found = _drawn(404, defaults.page_not_found)
broken = _drawn(500, defaults.server_error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django answers 400 to every suspicious request; a body past the limit has a status of its own."""
    response = defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        response.status_code = 413
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path_info.startswith(API):
        return error_response(403, "csrf_failed", "The CSRF token is missing or old; load the page again.")
    return csrf_page(request, reason=reason)
