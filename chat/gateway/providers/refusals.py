"""What a provider's refusal means, once its dialect has taken code and message out of its body.

Providers agree on status codes more than on anything else, and disagree about 400: too long, filtered,
a bad key and an unknown model all arrive as one. Those are told apart by code or by wording. The words of
the provider are read here and never repeated: the user gets our own sentence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from chat.gateway.errors import (
    BadRequest,
    ContentFiltered,
    ContextTooLong,
    GatewayError,
    ModelMissing,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejectedKey,
)
from chat.gateway.providers.waiting import retry_after_s


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is every machine-readable word of the body joined by blanks, `message` its prose."""

    status: int
    code: str = ""
    message: str = ""
    wait_s: float | None = None  # the body's own hint
    final: bool = False  # waiting will not help (a daily quota)
    prompt_tokens: int | None = None
    window: int | None = None


_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|context_window_exceeded|context length|context limit"
    r"|context window|maximum prompt length|maximum model length|max_model_len|prompt is too long"
    r"|input is too long|too many (input )?tokens|input token count|prompt contains .*tokens, too large"
    r"|prompt \(length \d+\) is longer|string too long|reduce the length of|max_new_tokens` must be",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content_policy|responsibleai|moderation|flagged|content management policy"
    r"|safety|blocked by|guardrail|data_inspection_failed",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"api[ _-]?key|invalid_?token|unrecognizedclient|authentication|unauthori[sz]ed",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_?not_?found|model_decommissioned|model .*(does not exist|not found|not exist)"
    r"|not a valid model|unknown model|no such model",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"rate_?limit|too many requests|throttl|resource_exhausted|tokens per minute",
    re.IGNORECASE,
)
_UNPAID = re.compile(r"insufficient_quota|billing|credit|insufficient balance|payment", re.IGNORECASE)
_WINDOWS = tuple(  # as far as the wording gives the figures
    re.compile(wording, re.IGNORECASE | re.DOTALL)
    for wording in (
        r"(?P<prompt>\d+) tokens > (?P<window>\d+) maximum",
        r"length \(?(?P<prompt>\d+)\)? .*?maximum (?:context|model) length (?:\(|of |is )(?P<window>\d+)",
        r"maximum (?:context|model|prompt) length (?:of|is) (?P<window>\d+)"
        r"(?:.*?(?:resulted in|requested|contains|has) (?P<prompt>\d+))?",
        r"token count \(?(?P<prompt>\d+)\)? exceeds the maximum number of tokens allowed \(?(?P<window>\d+)",
        r"contains (?P<prompt>\d+) tokens, too large for model with (?P<window>\d+)",
        r"cannot exceed (?P<window>\d+) - received (?P<prompt>\d+)",
    )
)


def refused(refusal: Refusal, headers: Mapping[str, str]) -> GatewayError:
    """`headers` with lower-case names; `x-should-retry: false` (OpenAI, Anthropic) is obeyed."""
    error = _meaning(refusal)
    if error.switches:
        error.retry_after_s = retry_after_s(headers, refusal.wait_s)
    if refusal.final or headers.get("x-should-retry", "").strip().lower() == "false":
        error.retryable = False
    return error


def _meaning(refusal: Refusal) -> GatewayError:
    status, words = refusal.status, f"{refusal.code} {refusal.message}"
    if status in (401, 402) or (status == 429 and _UNPAID.search(refusal.code)):
        return UpstreamRejectedKey("The provider does not accept this installation's key or account.")
    if status == 429 or (status in (400, 413) and _RATE.search(refusal.code)):
        return UpstreamRateLimited("The provider is receiving too many requests.")
    if status in (400, 413, 422) and _TOO_LONG.search(words):
        return _too_long(refusal)
    if status in (400, 403, 422) and _FILTERED.search(words):
        return ContentFiltered("The provider's content rules refused this conversation.")
    if status == 404 or (status in (400, 403, 422) and _NO_MODEL.search(words)):
        return ModelMissing("The provider does not offer this model.")
    if status == 403 or (status == 400 and _BAD_KEY.search(words)):
        return UpstreamRejectedKey("The provider does not accept this installation's key or account.")
    if status == 413:
        return ContextTooLong("The conversation is too long for this model.")
    if status in (400, 405, 406, 411, 415, 422):
        return BadRequest("The provider could not use this request.")
    if status in (408, 504):
        return UpstreamFailed("The provider took too long and gave up.")
    if status in (503, 529):
        return UpstreamFailed("The provider is overloaded.")
    return UpstreamFailed("The provider failed to answer.")


def _too_long(refusal: Refusal) -> ContextTooLong:
    prompt, window = refusal.prompt_tokens, refusal.window
    if prompt is None and window is None:
        for pattern in _WINDOWS:
            if found := pattern.search(refusal.message):
                prompt, window = (int(n) if n else None for n in found.group("prompt", "window"))
                break
    return ContextTooLong("The conversation is too long for this model.", prompt_tokens=prompt, window=window)


def json_object(body: bytes) -> dict[str, Any]:
    """A refusal's body where it is a JSON object (Google wraps it in a list); otherwise nothing."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(found, list) and found:
        found = found[0]
    return found if isinstance(found, dict) else {}


def words(*values: object) -> str:
    """Those of `values` that are words or numbers, joined by blanks."""
    return " ".join(str(value) for value in values if isinstance(value, str | int) and value != "")
