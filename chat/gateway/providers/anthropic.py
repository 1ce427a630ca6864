"""The Anthropic dialect: the Messages API, version 2023-06-01, streamed as named events.

The end is `message_stop`; a stream without it was cut off. Usage is cumulative: what `message_delta`
says replaces what `message_start` said. A final message of the assistant must not end in white space, so
a prefill is sent without it, and what the model then repeats of it is taken away.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import GatewayError
from chat.gateway.events import FinishReason, Usage
from chat.gateway.providers import turns
from chat.gateway.providers.address import address
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.prefill import messages_with_prefill, trimmed
from chat.gateway.providers.reading import StreamReader, count
from chat.gateway.providers.refusals import Refusal, json_object, refused, words
from chat.gateway.providers.sse import SseFraming
from chat.gateway.request import ChatMessage, ChatRequest

_FINISH: Mapping[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}  # end_turn, stop_sequence, pause_turn: stop
_STATUS = {  # of the error types, where an event brings one without a status
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class Anthropic:
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall:
        headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
        if key:
            headers["x-api-key"] = key
        with turns.translating():
            body = orjson.dumps(_body(request, model))
        return HttpCall(address(provider, "/messages"), {**headers, **provider.headers}, body)

    def reader(self, request: ChatRequest) -> "AnthropicReader":
        return AnthropicReader(request)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        return refused(_refusal(status, json_object(body)), headers)


class AnthropicReader(StreamReader):
    def __init__(self, request: ChatRequest) -> None:
        super().__init__(SseFraming(), shown=trimmed(request))
        self._stop_reason = ""
        self._usage: dict[str, Any] = {}
        self._tools: dict[int, int] = {}  # a block's index, and which tool call it is

    def take(self, name: str, payload: dict[str, Any]) -> None:
        kind = payload.get("type", name)
        if kind == "content_block_delta":
            self._delta(payload["index"], payload["delta"])
        elif kind == "content_block_start":
            self._block(payload["index"], payload["content_block"])
        elif kind == "message_start":
            self._count(payload["message"].get("usage"))
        elif kind == "message_delta":
            self._stop_reason = payload["delta"].get("stop_reason") or self._stop_reason
            self._count(payload.get("usage"))
        elif kind == "message_stop":
            self.finish(_FINISH.get(self._stop_reason, "stop"), _usage(self._usage))
        elif kind == "error":
            said = _refusal(0, payload)
            self.fail(refused(_refusal(_STATUS.get(said.code, 500), payload), {}))

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        kind = delta["type"]
        if kind == "text_delta":
            self.text(delta["text"])
        elif kind == "thinking_delta":
            self.reasoning(delta["thinking"])
        elif kind == "input_json_delta" and index in self._tools:
            self.tool_call(self._tools[index], "", "", delta["partial_json"])
        # signature_delta and citations_delta carry nothing to show

    def _block(self, index: int, block: dict[str, Any]) -> None:
        kind = block["type"]
        if kind == "tool_use":
            self._tools[index] = len(self._tools)
            self.tool_call(self._tools[index], block["id"], block["name"], "")
        elif kind == "text":
            self.text(block.get("text") or "")
        elif kind == "thinking":
            self.reasoning(block.get("thinking") or "")

    def _count(self, usage: dict[str, Any] | None) -> None:
        for name, value in (usage or {}).items():
            if value is not None:
                self._usage[name] = value


def _usage(report: dict[str, Any]) -> Usage | None:
    """Anthropic counts what was read from and written to its cache apart from `input_tokens`."""
    if not report:
        return None
    cached = count(report.get("cache_read_input_tokens"))
    written = count(report.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=count(report.get("input_tokens")) + cached + written,
        output_tokens=count(report.get("output_tokens")),
        cached_input_tokens=cached,
    )


def _refusal(status: int, payload: dict[str, Any]) -> Refusal:
    error = payload.get("error")
    if not isinstance(error, dict):
        return Refusal(status)
    return Refusal(status, code=words(error.get("type")), message=words(error.get("message")))


def _body(request: ChatRequest, model: Model) -> dict[str, Any]:
    messages = messages_with_prefill(request, model, trim=True)
    body: dict[str, Any] = {
        "model": model.upstream,
        "max_tokens": min(request.max_output or model.max_output, model.max_output),
        "messages": [
            {"role": side, "content": [block for message in group for block in _blocks(message)]}
            for side, group in turns.in_turn(messages)
        ],
        "stream": True,
    }
    if system := turns.system_text(messages):
        body["system"] = system
    if "reasoning" not in model.capabilities:  # those refuse whatever would steer their sampling
        if request.temperature is not None:
            body["temperature"] = min(request.temperature, 1.0)  # OpenAI's scale goes to 2
        if "top_p" in request.extra:
            body["top_p"] = request.extra["top_p"]
    if stop := turns.stop_sequences(request):
        body["stop_sequences"] = stop
    if tools := turns.tools(request):
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in tools
        ]
    return body


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    if message.role == "tool":
        result = {"tool_use_id": message.extra["tool_call_id"], "content": message.text}
        return [{"type": "tool_result", **result}]
    blocks = [_block(part) for part in turns.parts(message)]
    for call in turns.calls(message):
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments})
    return blocks


def _block(part: str | turns.Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if part.url:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": part.data}}
