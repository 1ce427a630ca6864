"""The Ollama dialect: `/api/chat`, one JSON object a line.

Ollama forgets the beginning of a conversation without a word when it outgrows `num_ctx`, whose default is
small; so the catalogue's window is asked for. `{"error": …}` in mid-stream is all that is said when a
model dies; `done: true` is the end.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import GatewayError
from chat.gateway.events import Usage
from chat.gateway.providers import turns
from chat.gateway.providers.address import address
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.ndjson import NdjsonFraming
from chat.gateway.providers.openai_errors import refusal
from chat.gateway.providers.prefill import messages_with_prefill
from chat.gateway.providers.reading import StreamReader, count
from chat.gateway.providers.refusals import json_object, refused
from chat.gateway.request import ChatMessage, ChatRequest

_OPTIONS = ("top_p", "seed", "presence_penalty", "frequency_penalty")  # spelled alike in both


class Ollama:
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall:
        headers = {"content-type": "application/json"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        with turns.translating():
            body = orjson.dumps(_body(request, model))
        return HttpCall(address(provider, "/api/chat"), {**headers, **provider.headers}, body)

    def reader(self, request: ChatRequest) -> "OllamaReader":
        return OllamaReader()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        return refused(refusal(status, json_object(body)), headers)


class OllamaReader(StreamReader):
    def __init__(self) -> None:
        super().__init__(NdjsonFraming())
        self._calls = 0

    def take(self, name: str, payload: dict[str, Any]) -> None:
        if payload.get("error"):
            self.fail(refused(refusal(500, payload), {}))
            return
        message = payload.get("message") or {}
        self.reasoning(message.get("thinking") or "")
        self.text(message.get("content") or "")
        for call in message.get("tool_calls") or ():
            function = call["function"]
            arguments = orjson.dumps(function.get("arguments") or {}).decode()
            id = call.get("id") or f"call_{self._calls}"
            self.tool_call(self._calls, id, function["name"], arguments)
            self._calls += 1
        if payload.get("done") is True:
            self._done(payload)

    def _done(self, payload: dict[str, Any]) -> None:
        counted = "eval_count" in payload or "prompt_eval_count" in payload
        # `prompt_eval_count` is left out when the whole prompt was still in the server's memory.
        usage = Usage(
            count(payload.get("prompt_eval_count")),
            count(payload.get("eval_count")),
            estimated="prompt_eval_count" not in payload,
        )
        if payload.get("done_reason") == "length":
            self.finish("length", usage if counted else None)
        else:
            self.finish("tool_calls" if self._calls else "stop", usage if counted else None)


def _body(request: ChatRequest, model: Model) -> dict[str, Any]:
    options = {name: request.extra[name] for name in _OPTIONS if name in request.extra}
    options["num_ctx"] = model.context
    options["num_predict"] = min(request.max_output or model.max_output, model.max_output)
    if request.temperature is not None:
        options["temperature"] = request.temperature
    if stop := turns.stop_sequences(request):
        options["stop"] = stop
    body = {
        "model": model.upstream,
        "messages": [_message(message) for message in messages_with_prefill(request, model)],
        "stream": True,
        "options": options,
    }
    if request.extra.get("tools"):
        body["tools"] = request.extra["tools"]
    return body


def _message(message: ChatMessage) -> dict[str, Any]:
    parts = turns.parts(message)
    written: dict[str, Any] = {
        "role": message.role,
        "content": "\n".join(part for part in parts if isinstance(part, str)),
    }
    if pictures := [part.data for part in parts if not isinstance(part, str) and part.data]:
        written["images"] = pictures
    if calls := turns.calls(message):
        written["tool_calls"] = [
            {"function": {"name": call.name, "arguments": call.arguments}} for call in calls
        ]
    return written
