"""The Bedrock dialect: Amazon's Converse API, streamed as binary events.

The key is a Bedrock API key (`AWS_BEARER_TOKEN_BEDROCK`), sent as a bearer token. Signing with an AWS
secret (SigV4) is left out on purpose: it needs four values and a clock where a key is one, and Amazon
gives every account such keys. The base URL names the region:
`https://bedrock-runtime.us-east-1.amazonaws.com`.

Claude refuses a last message of its own that ends in white space here as elsewhere: see anthropic.py.
Usage comes in `metadata`, *after* `messageStop`; throttling and failures of the model come as exceptions
inside the stream.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import GatewayError, UpstreamFailed
from chat.gateway.events import FinishReason, Usage
from chat.gateway.providers import turns
from chat.gateway.providers.address import address
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.eventstream import EventStreamFraming
from chat.gateway.providers.prefill import messages_with_prefill, trimmed
from chat.gateway.providers.reading import StreamReader, count
from chat.gateway.providers.refusals import Refusal, json_object, refused, words
from chat.gateway.request import ChatMessage, ChatRequest

_FINISH: Mapping[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}  # end_turn, stop_sequence: stop
_FAILED = frozenset({"malformed_model_output", "malformed_tool_use"})
_STATUS = {  # of the exceptions that come inside a stream
    "throttlingException": 429,
    "validationException": 400,
    "serviceUnavailableException": 503,
    "modelTimeoutException": 408,
    "accessDeniedException": 403,
    "resourceNotFoundException": 404,
}


class Bedrock:
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall:
        headers = {"content-type": "application/json", "accept": "application/vnd.amazon.eventstream"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        with turns.translating():
            body = orjson.dumps(_body(request, model))
        url = address(provider, f"/model/{quote(model.upstream, safe='')}/converse-stream")
        return HttpCall(url, {**headers, **provider.headers}, body)

    def reader(self, request: ChatRequest) -> "BedrockReader":
        return BedrockReader(request)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        kind = headers.get("x-amzn-errortype", "").split(":")[0]
        return refused(Refusal(status, code=kind, message=words(json_object(body).get("message"))), headers)


class BedrockReader(StreamReader):
    def __init__(self, request: ChatRequest) -> None:
        super().__init__(EventStreamFraming(), shown=trimmed(request))
        self._stop_reason = ""
        self._tools: dict[int, int] = {}  # a block's index, and which tool call it is

    def take(self, name: str, payload: dict[str, Any]) -> None:
        if name == "contentBlockDelta":
            self._delta(payload["contentBlockIndex"], payload["delta"])
        elif name == "contentBlockStart":
            if tool := payload["start"].get("toolUse"):
                index = self._tools[payload["contentBlockIndex"]] = len(self._tools)
                self.tool_call(index, tool["toolUseId"], tool["name"], "")
        elif name == "messageStop":
            self._stop_reason = payload["stopReason"]
            if self._stop_reason in _FAILED:
                self.fail(UpstreamFailed("The provider stopped in the middle of its answer."))
        elif name == "metadata":
            if self._stop_reason:
                self._finish(_usage(payload.get("usage")))
        elif name.endswith(("Exception", "rror")):
            said = words(payload.get("message"), payload.get("originalMessage"))
            self.fail(refused(Refusal(_STATUS.get(name, 500), code=name, message=said), {}))

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        if "text" in delta:
            self.text(delta["text"])
        elif "reasoningContent" in delta:
            self.reasoning(delta["reasoningContent"].get("text") or "")
        elif "toolUse" in delta:
            self.tool_call(self._tools[index], "", "", delta["toolUse"]["input"])

    def ended(self) -> None:
        if self._stop_reason:
            self._finish(None)

    def _finish(self, usage: Usage | None) -> None:
        self.finish(_FINISH.get(self._stop_reason, "stop"), usage)


def _usage(report: dict[str, Any] | None) -> Usage | None:
    """Amazon counts what was read from and written to its cache apart from `inputTokens`."""
    if not report:
        return None
    cached = count(report.get("cacheReadInputTokens"))
    return Usage(
        input_tokens=count(report.get("inputTokens")) + cached + count(report.get("cacheWriteInputTokens")),
        output_tokens=count(report.get("outputTokens")),
        cached_input_tokens=cached,
    )


def _body(request: ChatRequest, model: Model) -> dict[str, Any]:
    messages = messages_with_prefill(request, model, trim=True)
    settings: dict[str, Any] = {"maxTokens": min(request.max_output or model.max_output, model.max_output)}
    if "reasoning" not in model.capabilities:  # Claude's refuse whatever would steer their sampling
        if request.temperature is not None:
            settings["temperature"] = min(request.temperature, 1.0)  # OpenAI's scale goes to 2
        if "top_p" in request.extra:
            settings["topP"] = request.extra["top_p"]
    if stop := turns.stop_sequences(request):
        settings["stopSequences"] = stop
    spoken = [
        {"role": side, "content": [block for message in group for block in _blocks(message)]}
        for side, group in turns.in_turn(messages)
    ]
    body: dict[str, Any] = {"messages": spoken, "inferenceConfig": settings}
    if system := turns.system_text(messages):
        body["system"] = [{"text": system}]
    if tools := turns.tools(request):
        body["toolConfig"] = {"tools": [{"toolSpec": _tool(tool)} for tool in tools]}
    return body


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    if message.role == "tool":
        result = {"toolUseId": message.extra["tool_call_id"], "content": [{"text": message.text}]}
        return [{"toolResult": result}]
    blocks = [_block(part) for part in turns.parts(message)]
    for call in turns.calls(message):
        blocks.append({"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}})
    return blocks


def _block(part: str | turns.Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"text": part}
    if not part.data:
        raise ValueError("Converse takes pictures as bytes only")
    kind = part.media_type.removeprefix("image/")
    return {"image": {"format": kind, "source": {"bytes": part.data}}}


def _tool(tool: turns.Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "inputSchema": {"json": tool.parameters}}
