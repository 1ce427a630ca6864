"""What every address of `/v1` does first and last: who asks, and every refusal in OpenAI's shape."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError

from chat.api.v1.errors import INTERNAL, Refusal, refusal_of, refusal_of_quota
from chat.gateway.errors import GatewayError
from usage.keys import KeyRefused, KeySpent
from usage.refusals import QuotaExceeded

logger = logging.getLogger(__name__)

BROKEN = Refusal(500, "internal", INTERNAL, kind="server_error")
View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def speaks_openai(*methods: str) -> Callable[[View], View]:
    """For views that raise Refusal, a GatewayError or one of the ledger's; no session, so no CSRF either."""

    def around(view: View) -> View:
        @wraps(view)
        async def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise Refusal(405, "method_not_allowed", "This address does not take that method.")
                response = await view(request, *args, **kwargs)
            except Exception as error:
                refusal = _refusal(error)
                if refusal is BROKEN:
                    logger.exception("A call of the API failed")
                response = refusal.response
            return response

        door.csrf_exempt = True  # type: ignore[attr-defined]
        return markcoroutinefunction(door)

    return around


def secret_of(request: HttpRequest) -> str:
    """The key of `Authorization: Bearer …`. Raises Refusal."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Refusal(
            401, "invalid_api_key", "Send an API key: 'Authorization: Bearer sk-grump-…'.", final=True
        )
    return secret.strip()


def body_of(request: HttpRequest) -> bytes:
    """Read at once: pictures are larger than what Django lets a form be. Its bound is BodyLimit's."""
    try:
        return request.read()
    except UnreadablePostError:
        raise Refusal(400, "invalid_json", "The body could not be read.") from None


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case GatewayError():
            return refusal_of(error)
        case QuotaExceeded():
            return refusal_of_quota(error)
        case KeyRefused():
            return Refusal(401, "invalid_api_key", str(error), final=True)
        case KeySpent():
            return Refusal(429, "insufficient_quota", str(error), kind="insufficient_quota", final=True)
    return BROKEN
