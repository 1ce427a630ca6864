"""A prompt that does not fit, as each provider words it."""

import orjson
import pytest

from chat.gateway.catalogue import DialectName
from chat.gateway.errors import ContextTooLong
from chat.gateway.providers.registry import DIALECTS


def error(message: str, **more: object) -> dict:
    return {"error": {"message": message, **more}}


TOO_LONG: list[tuple[str, DialectName, int, object, int | None, int | None]] = [
    (
        "openai",
        "openai",
        400,
        error(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 "
            "tokens. Please reduce the length of the messages.",
            code="context_length_exceeded",
            type="invalid_request_error",
        ),
        9001,
        8192,
    ),
    (
        "llama.cpp",
        "openai",
        400,
        error(
            "request (2031 tokens) exceeds the available context size (1024 tokens), try increasing it",
            code=400,
            type="exceed_context_size_error",
            n_prompt_tokens=2031,
            n_ctx=1024,
        ),
        2031,
        1024,
    ),
    (
        "vllm",
        "openai",
        400,
        {
            "object": "error",
            "type": "BadRequestError",
            "code": 400,
            "message": "This model's maximum context length is 2048 tokens. However, you requested 3000 "
            "tokens (2900 in the messages, 100 in the completion).",
        },
        3000,
        2048,
    ),
    (
        "vllm, newer",
        "openai",
        400,
        error(
            "The decoder prompt (length 5013) is longer than the maximum model length of 4096.",
            type="BadRequestError",
        ),
        5013,
        4096,
    ),
    (
        "vllm, room for the answer",
        "openai",
        400,
        error(
            "'max_tokens' or 'max_completion_tokens' is too large: 500. This model's maximum context "
            "length is 2048 tokens and your request has 1800 input tokens"
        ),
        1800,
        2048,
    ),
    (
        "xai",
        "openai",
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        },
        140000,
        131072,
    ),
    (
        "mistral",
        "openai",
        400,
        {
            "object": "error",
            "message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
        },
        40000,
        32768,
    ),
    (
        "anthropic",
        "anthropic",
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 215000 tokens > 200000 maximum",
            },
        },
        215000,
        200000,
    ),
    (
        "anthropic, with the answer",
        "anthropic",
        400,
        {
            "error": {
                "type": "invalid_request_error",
                "message": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            }
        },
        None,
        None,
    ),
    (
        "anthropic, in bytes",
        "anthropic",
        413,
        {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}},
        None,
        None,
    ),
    (
        "gemini",
        "gemini",
        400,
        error(
            "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).",
            code=400,
            status="INVALID_ARGUMENT",
        ),
        1100000,
        1048576,
    ),
    (
        "cohere",
        "cohere",
        400,
        {
            "message": "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received "
            "6000. Try using a shorter prompt"
        },
        6000,
        4081,
    ),
    ("bedrock", "bedrock", 400, {"message": "Input is too long for requested model."}, None, None),
]


@pytest.mark.parametrize(
    ("dialect", "status", "payload", "prompt", "window"),
    [row[1:] for row in TOO_LONG],
    ids=[row[0] for row in TOO_LONG],
)
def test_too_long_is_told_apart_and_figures_are_read(
    dialect: DialectName, status: int, payload: object, prompt: int | None, window: int | None
) -> None:
    found = DIALECTS[dialect].error(status, {}, orjson.dumps(payload))
    assert isinstance(found, ContextTooLong)
    assert (found.prompt_tokens, found.window) == (prompt, window)
    assert not found.retryable
