"""Pages that the chat fetches before they are asked for: where a pointer or the focus rests on the way.

Such an answer may be shown for ten seconds, to whoever asks with the same cookies (`Vary`), and never after.
What is asked for in any other way is kept nowhere, as ever.
"""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

HEADER = "X-Fetched-Ahead"
FRESH_SECONDS = 10


def may_be_fetched_ahead(view: Callable[..., Any]) -> Callable[..., Any]:
    """Stands above `never_cache`: what that says is replaced."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def later(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return _marked(request, await view(request, *args, **kwargs))

        return later

    @wraps(view)
    def now(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _marked(request, view(request, *args, **kwargs))

    return now


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if HEADER in request.headers and request.method == "GET" and response.status_code == 200:
        del response.headers["Expires"]
        response.headers["Cache-Control"] = f"private, max-age={FRESH_SECONDS}"
        patch_vary_headers(response, ["Cookie"])
    return response
