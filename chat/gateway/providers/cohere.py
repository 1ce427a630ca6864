"""The Cohere dialect: chat of API v2. Messages, parts and tools are spelled as OpenAI spells them; the
stream is not. `message-end` is the end; usage is what is billed, because that is what a price is for
(`tokens` also counts Cohere's own preamble).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import GatewayError, UpstreamFailed
from chat.gateway.events import FinishReason, Usage
from chat.gateway.providers import turns
from chat.gateway.providers.address import address
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.prefill import messages_with_prefill
from chat.gateway.providers.reading import StreamReader, count
from chat.gateway.providers.refusals import Refusal, json_object, refused, words
from chat.gateway.providers.sse import SseFraming
from chat.gateway.request import ChatRequest

_FINISH: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
_PASSED_ON = {"top_p": "p", "seed": "seed", "tools": "tools", "response_format": "response_format"}


class Cohere:
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall:
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        with turns.translating():
            body = orjson.dumps(_body(request, model))
        return HttpCall(address(provider, "/chat"), {**headers, **provider.headers}, body)

    def reader(self, request: ChatRequest) -> "CohereReader":
        return CohereReader()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        payload = json_object(body)
        if status == 498:  # Cohere's own: "Invalid Token"
            status = 401
        return refused(Refusal(status, message=words(payload.get("message"), payload.get("error"))), headers)


class CohereReader(StreamReader):
    def __init__(self) -> None:
        super().__init__(SseFraming())

    def take(self, name: str, payload: dict[str, Any]) -> None:
        kind = payload.get("type", name)
        if kind in ("content-delta", "content-start"):
            content = payload["delta"]["message"]["content"]
            self.reasoning(content.get("thinking") or "")
            self.text(content.get("text") or "")
        elif kind == "tool-plan-delta":
            self.reasoning(payload["delta"]["message"]["tool_plan"])
        elif kind in ("tool-call-start", "tool-call-delta"):
            call = payload["delta"]["message"]["tool_calls"]
            function = call["function"]
            self.tool_call(payload["index"], call.get("id"), function.get("name"), function.get("arguments"))
        elif kind == "message-end":
            self._end(payload["delta"])

    def _end(self, delta: dict[str, Any]) -> None:
        reason = _FINISH.get(delta["finish_reason"])
        if reason is None:  # ERROR, TIMEOUT, and what may yet be invented
            self.fail(UpstreamFailed("The provider stopped in the middle of its answer."))
        else:
            self.finish(reason, _usage(delta.get("usage") or {}))


def _usage(report: dict[str, Any]) -> Usage | None:
    billed = report.get("billed_units") or {}
    if billed:
        return Usage(count(billed.get("input_tokens")), count(billed.get("output_tokens")))
    tokens = report.get("tokens") or {}
    if tokens:
        return Usage(count(tokens.get("input_tokens")), count(tokens.get("output_tokens")))
    return None


def _body(request: ChatRequest, model: Model) -> dict[str, Any]:
    body: dict[str, Any] = {
        theirs: request.extra[ours] for ours, theirs in _PASSED_ON.items() if ours in request.extra
    }
    body["model"] = model.upstream
    body["messages"] = [
        {"role": message.role, "content": message.text, **message.extra}
        for message in messages_with_prefill(request, model)
    ]
    body["stream"] = True
    body["max_tokens"] = min(request.max_output or model.max_output, model.max_output)
    if request.temperature is not None:
        body["temperature"] = min(request.temperature, 1.0)  # OpenAI's scale goes to 2
    if stop := turns.stop_sequences(request):
        body["stop_sequences"] = stop
    return body
