"""The short way: what calls the API, sends timings or probes has no session, no language and no page.

Django's middleware serves people, and most of it hops into a thread and back: a dozen hops, several
milliseconds, before a view is even found. Requests under `SHORT` go to their view from here; what is
outside this middleware (headers, errors as JSON) still holds for them. Their views are asynchronous, take
nothing from a cookie, and change nothing that a forged request could not.
"""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import resolve

from grump.operations.errors import error_response

PREFIX = "/v1/"
PROBES = "/api/health"  # asked over plain HTTP too, from within
SHORT = (PREFIX, PROBES, "/api/metrics/frontend")
# What Django's middleware would have set, for an answer of the API that somebody opens in a browser.
HEADERS = {
    "Content-Security-Policy": "; ".join(
        f"{what} 'none'" for what in ("default-src", "base-uri", "form-action", "frame-ancestors")
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
View = Callable[..., Awaitable[HttpResponseBase]]


class ProgramsMiddleware:
    # Not also synchronous: Django would choose that as soon as any middleware within is, and bring the API's
    # views into a thread again.
    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(SHORT):
            try:
                response = await self._serve(request)
            except Http404:
                response = error_response(404)
            if not response.streaming:
                response.headers.setdefault("Content-Length", str(len(response.content)))  # type: ignore[attr-defined]
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response
        return await self.get_response(request)

    async def _serve(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises for a host that is not ours, as CommonMiddleware would
        probes = request.path_info.startswith(PROBES)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and not probes:
            # A redirect would answer a key sent in the clear as if that were all right.
            return error_response(403, "https_only", "This address is for https:// alone.")
        match = resolve(request.path_info)  # raises Http404
        request.resolver_match = match
        return await match.func(request, *match.args, **match.kwargs)
