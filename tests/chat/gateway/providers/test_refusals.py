"""What each provider's refusal is taken for: the same few meanings under many spellings."""

import orjson
import pytest

from chat.gateway.catalogue import DialectName
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
from chat.gateway.providers.registry import DIALECTS


def refusal(
    status: int,
    payload: object = None,
    dialect: DialectName = "openai",
    headers: dict[str, str] | None = None,
) -> GatewayError:
    body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return DIALECTS[dialect].error(status, headers or {}, body)


def error(message: str = "", **more: object) -> dict:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("dialect", "status", "payload"),
    [
        (
            "openai",
            400,
            error("x", code="content_filter", innererror={"code": "ResponsibleAIPolicyViolation"}),
        ),
        ("openai", 400, error("The response was filtered", code="content_policy_violation")),
        ("openai", 403, error("Your input was flagged", code=403)),  # openrouter
        ("bedrock", 400, {"message": "Blocked by guardrail"}),
    ],
)
def test_a_content_filter_is_told_apart(dialect: DialectName, status: int, payload: object) -> None:
    assert isinstance(refusal(status, payload, dialect), ContentFiltered)


@pytest.mark.parametrize(
    ("dialect", "status", "payload", "kind"),
    [
        ("openai", 401, error("Incorrect API key", code="invalid_api_key"), UpstreamRejectedKey),
        ("openai", 402, error("Insufficient Balance"), UpstreamRejectedKey),  # deepseek
        ("openai", 403, error("Country not supported"), UpstreamRejectedKey),
        (
            "openai",
            400,
            {"code": "x", "error": "Incorrect API key provided: xa***"},
            UpstreamRejectedKey,
        ),  # xai
        ("openai", 429, error("You exceeded your quota", code="insufficient_quota"), UpstreamRejectedKey),
        ("cohere", 498, {"message": "invalid token"}, UpstreamRejectedKey),
        (
            "gemini",
            400,
            error("API key not valid", details=[{"reason": "API_KEY_INVALID"}]),
            UpstreamRejectedKey,
        ),
        ("anthropic", 403, {"error": {"type": "permission_error", "message": "no"}}, UpstreamRejectedKey),
        ("openai", 404, error("The model `x` does not exist", code="model_not_found"), ModelMissing),
        (
            "openai",
            400,
            error("llama-2 was decommissioned", code="model_decommissioned"),
            ModelMissing,
        ),  # groq
        ("openai", 400, error("foo/bar is not a valid model ID", code=400), ModelMissing),  # openrouter
        ("ollama", 404, {"error": "model 'x' not found"}, ModelMissing),
        ("openai", 400, error("temperature must be below 2"), BadRequest),
        ("openai", 422, {"detail": [{"msg": "field required"}]}, BadRequest),
        ("openai", 408, None, UpstreamFailed),
        ("openai", 409, None, UpstreamFailed),
        ("openai", 500, b"<html>Internal Server Error</html>", UpstreamFailed),
        ("openai", 503, error("Loading model", type="unavailable_error"), UpstreamFailed),  # llama.cpp
        ("anthropic", 529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, UpstreamFailed),
        ("openai", 302, b"", UpstreamFailed),
        ("openai", 429, b"", UpstreamRateLimited),
        ("openai", 413, error("on tokens per minute (TPM)", code="rate_limit_exceeded"), UpstreamRateLimited),
        ("bedrock", 429, {"message": "Too many requests"}, UpstreamRateLimited),
    ],
)
def test_every_other_refusal_has_its_meaning(
    dialect: DialectName, status: int, payload: object, kind: type[GatewayError]
) -> None:
    assert type(refusal(status, payload, dialect)) is kind


def test_bedrock_names_its_error_in_a_header() -> None:
    throttled = refusal(
        400, {"message": "x"}, "bedrock", {"x-amzn-errortype": "ThrottlingException:http://x"}
    )
    assert isinstance(throttled, UpstreamRateLimited)


def test_a_waiting_hint_is_carried() -> None:
    assert refusal(429, {}, headers={"retry-after": "7"}).retry_after_s == 7
    assert refusal(503, {}, headers={"retry-after-ms": "250"}).retry_after_s == 0.25
    assert refusal(400, {}, headers={"retry-after": "7"}).retry_after_s is None


def test_a_provider_that_asks_not_to_be_asked_again_is_obeyed() -> None:
    asked = refusal(500, {}, headers={"x-should-retry": "false"})
    assert not asked.retryable
    assert asked.switches
    assert refusal(500, {}, headers={"x-should-retry": "true"}).retryable
    assert UpstreamFailed.retryable, "the class is not changed by one answer"


def gemini_quota(quota: str, delay: str = "45.837906927s") -> GatewayError:
    violation = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    payload = error(
        "You exceeded your current quota", status="RESOURCE_EXHAUSTED", details=[violation, retry]
    )
    return refusal(429, payload, "gemini")


def test_gemini_says_in_the_body_how_long_to_wait() -> None:
    limited = gemini_quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")
    assert isinstance(limited, UpstreamRateLimited)
    assert limited.retry_after_s == pytest.approx(45.837906927)
    assert limited.retryable


def test_geminis_daily_quota_is_final() -> None:
    limited = gemini_quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
    assert isinstance(limited, UpstreamRateLimited)
    assert not limited.retryable
    assert limited.switches


def test_google_may_wrap_its_error_in_a_list() -> None:
    wrapped = [error("The input token count (9) exceeds the maximum number of tokens allowed (8).")]
    assert isinstance(refusal(400, wrapped, "gemini"), ContextTooLong)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 429, 500, 529])
def test_the_user_never_reads_the_providers_words(dialect: DialectName, status: int) -> None:
    said = refusal(status, {"message": "sk-secret", **error("sk-secret")}, dialect)
    assert "secret" not in said.message
    assert said.message.endswith(".")
