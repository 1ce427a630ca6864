"""The OpenAI dialect's spelling of a script: server-sent events, one JSON chunk a token."""

from functools import cache
from typing import Any

import orjson

from tests.fakes.script import Refuse, Usage

STREAM_TYPE = "text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"


def event(data: Any) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def chunk(model: str, choices: list[dict[str, Any]], **more: Any) -> bytes:
    """`created` and `id` never change: the bytes of an answer are known in advance."""
    return event(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": model,
            "choices": choices,
            **more,
        }
    )


def delta(model: str, change: dict[str, Any], finish_reason: str | None = None) -> bytes:
    return chunk(model, [{"index": 0, "delta": change, "finish_reason": finish_reason}])


def role(model: str) -> bytes:
    return delta(model, {"role": "assistant", "content": ""})


@cache
def text(model: str, piece: str) -> bytes:
    return delta(model, {"content": piece})


def reasoning(model: str, piece: str) -> bytes:
    return delta(model, {"reasoning_content": piece})


def comment(words: str) -> bytes:
    return b": " + words.encode() + b"\n\n"


def garbage() -> bytes:
    return b'data: {"choices": [{"delta": {"cont\n\n'


def fault(message: str, kind: str) -> bytes:
    return event({"error": {"message": message, "type": kind, "code": None, "param": None}})


def usage_shape(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def finish(model: str, reason: str, usage: Usage | None, marker: bool) -> bytes:
    last = delta(model, {}, reason)
    if usage is not None:
        last += chunk(model, [], usage=usage_shape(usage))
    return last + (DONE if marker else b"")


def whole(model: str, said: str, thought: str, reason: str, usage: Usage | None) -> bytes:
    """The answer to a request that did not ask for a stream."""
    message = {"role": "assistant", "content": said} | ({"reasoning_content": thought} if thought else {})
    shape: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
    }
    if usage is not None:
        shape["usage"] = usage_shape(usage)
    return orjson.dumps(shape)


def refusal(step: Refuse) -> tuple[str, bytes]:
    """Content type and body of an HTTP error."""
    if step.kind == "html":
        return "text/html", step.message.encode()
    error = {"message": step.message, "type": step.kind, "param": None, "code": step.code}
    return "application/json", orjson.dumps({"error": error})


def models(names: list[str]) -> bytes:
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "fakes"} for name in names]
    return orjson.dumps({"object": "list", "data": data})


def embeddings(body: dict[str, Any]) -> bytes:
    """A vector a text: its length, and one half (which is exact in 32 bits). A token a character."""
    texts = body["input"]
    rows = [{"index": place, "embedding": [len(text), 0.5]} for place, text in enumerate(texts)]
    return orjson.dumps({"data": rows, "usage": {"prompt_tokens": sum(map(len, texts))}})
