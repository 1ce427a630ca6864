"""Errors of the OpenAI dialect, as an answer's body and as an event in mid-stream.

Shapes seen: `{"error": {…}}`, `{"error": "…"}` (TGI, Ollama), vLLM's older `{"object": "error",
"message": …}` and the bare `{"detail": …}` of FastAPI.
"""

from typing import Any

from chat.gateway.errors import GatewayError
from chat.gateway.providers.reading import count
from chat.gateway.providers.refusals import Refusal, refused, words


def refusal(status: int, payload: dict[str, Any]) -> Refusal:
    error = payload.get("error") or payload
    if not isinstance(error, dict):
        return Refusal(status, message=words(error))
    inner = error.get("innererror")  # azure: which rule of the content filter
    return Refusal(
        status,
        code=words(
            error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else ""
        ),
        message=words(error.get("message"), error.get("detail")),
        prompt_tokens=count(error.get("n_prompt_tokens")) or None,  # llama.cpp
        window=count(error.get("n_ctx")) or None,
    )


def failed_in_stream(payload: dict[str, Any]) -> GatewayError:
    """An error after HTTP 200. Many put the status they would have answered into `code`; without one the
    words decide, and without words it is the provider's own failure."""
    said = refusal(0, payload)
    first = said.code.split(" ", 1)[0]
    if len(first) == 3 and first.isascii() and first.isdigit():
        status = int(first)
    elif "rate_limit" in said.code:
        status = 429
    elif "context" in said.code or "content_filter" in said.code:
        status = 400
    else:
        status = 500
    return refused(refusal(status, payload), {})
