"""The Gemini dialect: `streamGenerateContent?alt=sse` of Google's Generative Language API, v1beta.

There is no `[DONE]`: a `finishReason` and then the end of the bytes is the end. `usageMetadata` comes with
every chunk and is cumulative; thoughts are counted apart from the answer. A refusal for rate carries its
wait in the body, and one for a daily quota is final.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import ContentFiltered, GatewayError, UpstreamFailed
from chat.gateway.events import FinishReason, Usage
from chat.gateway.providers import turns
from chat.gateway.providers.address import address
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.prefill import messages_with_prefill
from chat.gateway.providers.reading import StreamReader, count
from chat.gateway.providers.refusals import Refusal, json_object, refused, words
from chat.gateway.providers.sse import SseFraming
from chat.gateway.providers.waiting import duration_s
from chat.gateway.request import ChatMessage, ChatRequest

_FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
}
_SETTINGS = {  # OpenAI's names and Google's
    "top_p": "topP",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}


class Gemini:
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall:
        name = quote(model.upstream, safe="")
        headers = {"content-type": "application/json"}
        if key:
            headers["x-goog-api-key"] = key
        with turns.translating():
            body = orjson.dumps(_body(request, model))
        url = address(provider, f"/models/{name}:streamGenerateContent") + "?alt=sse"
        return HttpCall(url, {**headers, **provider.headers}, body)

    def reader(self, request: ChatRequest) -> "GeminiReader":
        return GeminiReader()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        return refused(_refusal(status, json_object(body)), headers)


class GeminiReader(StreamReader):
    def __init__(self) -> None:
        super().__init__(SseFraming())
        self._finish_reason = ""
        self._usage: dict[str, Any] = {}
        self._calls = 0

    def take(self, name: str, payload: dict[str, Any]) -> None:
        if error := payload.get("error"):
            self.fail(refused(_refusal(count(error.get("code")) or 500, payload), {}))
            return
        self._usage.update(payload.get("usageMetadata") or {})
        for candidate in payload.get("candidates") or ():
            if not candidate.get("index"):
                for part in (candidate.get("content") or {}).get("parts") or ():
                    self._part(part)
                self._finish(candidate.get("finishReason"))
        if (payload.get("promptFeedback") or {}).get("blockReason"):
            self.fail(ContentFiltered("The provider's content rules refused this conversation."))

    def _part(self, part: dict[str, Any]) -> None:
        text = part.get("text")
        if text:
            if part.get("thought"):
                self.reasoning(text)
            else:
                self.text(text)
        elif call := part.get("functionCall"):
            arguments = orjson.dumps(call.get("args") or {}).decode()
            self.tool_call(self._calls, call.get("id") or f"call_{self._calls}", call["name"], arguments)
            self._calls += 1

    def _finish(self, reason: str | None) -> None:
        if not reason or reason == "FINISH_REASON_UNSPECIFIED":
            return
        if reason not in _FINISH:  # OTHER, MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, …
            self.fail(UpstreamFailed("The provider stopped in the middle of its answer."))
        self._finish_reason = reason

    def ended(self) -> None:
        if self._finish_reason:
            reason = _FINISH[self._finish_reason]
            self.finish("tool_calls" if self._calls and reason == "stop" else reason, _usage(self._usage))


def _usage(report: dict[str, Any]) -> Usage | None:
    if not report:
        return None
    read = count(report.get("promptTokenCount")) + count(report.get("toolUsePromptTokenCount"))
    thoughts = count(report.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=read,
        output_tokens=count(report.get("candidatesTokenCount")) + thoughts,
        cached_input_tokens=min(count(report.get("cachedContentTokenCount")), read),
        reasoning_tokens=thoughts,
    )


def _refusal(status: int, payload: dict[str, Any]) -> Refusal:
    """google.rpc.Status; its details hold RetryInfo, QuotaFailure and ErrorInfo."""
    error = payload.get("error")
    if not isinstance(error, dict):
        return Refusal(status)
    listed = error.get("details")
    details = [detail for detail in listed if isinstance(detail, dict)] if isinstance(listed, list) else []
    waits = [detail["retryDelay"] for detail in details if isinstance(detail.get("retryDelay"), str)]
    return Refusal(
        status,
        code=words(error.get("status"), *(detail.get("reason") for detail in details)),
        message=words(error.get("message")),
        wait_s=duration_s(waits[0]) if waits else None,
        final=any("PerDay" in str(detail.get("violations")) for detail in details),
    )


def _body(request: ChatRequest, model: Model) -> dict[str, Any]:
    messages = messages_with_prefill(request, model)
    settings: dict[str, Any] = {
        "maxOutputTokens": min(request.max_output or model.max_output, model.max_output)
    }
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    settings |= {theirs: request.extra[ours] for ours, theirs in _SETTINGS.items() if ours in request.extra}
    if stop := turns.stop_sequences(request):
        settings["stopSequences"] = stop
    names = {call.id: call.name for message in messages for call in turns.calls(message)}
    body: dict[str, Any] = {
        "contents": [
            {
                "role": "model" if side == "assistant" else "user",
                "parts": [part for message in group for part in _parts(message, names)],
            }
            for side, group in turns.in_turn(messages)
        ],
        "generationConfig": settings,
    }
    if system := turns.system_text(messages):
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if tools := turns.tools(request):
        declared = [
            {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}
            for tool in tools
        ]
        body["tools"] = [{"functionDeclarations": declared}]
    return body


def _parts(message: ChatMessage, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """`names` of the functions by call id: Google's results go by name."""
    if message.role == "tool":
        answer = {"name": names[message.extra["tool_call_id"]], "response": {"result": message.text}}
        return [{"functionResponse": answer}]
    parts = [_part(part) for part in turns.parts(message)]
    for call in turns.calls(message):
        parts.append({"functionCall": {"name": call.name, "args": call.arguments}})
    return parts


def _part(part: str | turns.Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"text": part}
    if part.url:
        return {"fileData": {"fileUri": part.url}}
    return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
