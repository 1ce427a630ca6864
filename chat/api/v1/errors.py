"""Refusals in OpenAI's shape, which its clients turn into exceptions of their own by status.

`{"error": {"code", "message", "type", "param"}}`: the house's shape with the two fields those clients read.
"""

import math
from typing import Any

from django.http import JsonResponse

from chat.gateway.errors import (
    BadRequest,
    ContentFiltered,
    ContextTooLong,
    GatewayError,
    GuardrailBlocked,
    GuardrailsAway,
    ModelNotAllowed,
    Overloaded,
    UnknownModel,
    UpstreamRateLimited,
)
from usage.refusals import QuotaExceeded

INTERNAL = "Something broke on our side; please try again."
INVALID = "invalid_request_error"


class Refusal(Exception):
    """Ends a request. `final` tells clients that the very same request will not do better soon."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = INVALID,
        param: str | None = None,
        retry_after_s: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.kind, self.param = kind, param
        self.retry_after_s, self.final = retry_after_s, final

    @property
    def shape(self) -> dict[str, Any]:
        error = {"code": self.code, "message": self.message, "type": self.kind, "param": self.param}
        return {"error": error}

    @property
    def response(self) -> JsonResponse:
        answer = JsonResponse(self.shape, status=self.status)
        if self.retry_after_s is not None:
            # Whole seconds, rounded up: who comes a moment early is refused again.
            answer["Retry-After"] = str(math.ceil(self.retry_after_s))
        if self.status == 401:
            answer["WWW-Authenticate"] = "Bearer"
        if self.final:
            answer["x-should-retry"] = "false"
        return answer


def invalid(message: str, param: str | None = None, code: str = "invalid_value") -> Refusal:
    return Refusal(400, code, message, param=param)


def refusal_of(error: GatewayError) -> Refusal:
    """What the gateway could not do, as a caller of the API learns it."""
    match error:
        case UnknownModel():
            return Refusal(404, "model_not_found", error.message, param="model")
        case ModelNotAllowed():
            return Refusal(403, error.code, error.message, param="model")
        case ContextTooLong():
            return Refusal(400, "context_length_exceeded", error.message, param="messages")
        case ContentFiltered():
            return Refusal(400, "content_filter", error.message, param="messages")
        case GuardrailBlocked():
            return Refusal(400, error.code, error.message, param="messages")
        case GuardrailsAway():
            return Refusal(503, error.code, error.message, kind="server_error")
        case BadRequest():
            return Refusal(400, "invalid_value", error.message)
        case UpstreamRateLimited() | Overloaded():
            return Refusal(
                503, "overloaded", error.message, kind="server_error", retry_after_s=error.retry_after_s or 1
            )
    if error.code == "provider_unavailable":
        return Refusal(503, error.code, error.message, kind="server_error", retry_after_s=error.retry_after_s)
    return Refusal(500, error.code, error.message, kind="server_error")


def refusal_of_quota(error: QuotaExceeded) -> Refusal:
    """Of what a plan allows: a pace is waited for; a day's amount is not, whatever a client's retries are."""
    if error.limit_kind == "model":
        return Refusal(403, "model_not_allowed", error.message, param="model")
    if error.code == "rate_limited":
        wait = error.retry_after_s
        return Refusal(429, "rate_limit_exceeded", error.message, kind="requests", retry_after_s=wait)
    return Refusal(
        429,
        "insufficient_quota",
        error.message,
        kind="insufficient_quota",
        retry_after_s=error.retry_after_s,
        final=True,
    )
