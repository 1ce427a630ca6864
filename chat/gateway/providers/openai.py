"""The OpenAI dialect: chat completions as server-sent events, as OpenAI and all who imitate it speak it.

The imitations differ, and this reader takes them all: usage on the last chunk, on the finish chunk, in
every chunk (vLLM's continuous usage, cumulative) or twice (groq); reasoning as `reasoning_content`,
as `reasoning`, or as a part of a list (mistral); chunks without choices and choices without a delta
(azure); an error event in mid-stream. A `finish_reason` is a success even where `[DONE]` never comes; a
stream with neither was cut off.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.errors import GatewayError
from chat.gateway.events import FinishReason, Usage
from chat.gateway.providers import openai_body
from chat.gateway.providers.address import address
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.openai_errors import failed_in_stream, refusal
from chat.gateway.providers.reading import StreamReader, count
from chat.gateway.providers.refusals import json_object, refused
from chat.gateway.providers.sse import SseFraming
from chat.gateway.request import ChatRequest

_FINISH: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",  # mistral
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}  # stop, eos, stop_sequence and whatever else is invented: the model came to its end
_FAILED = frozenset({"error", "abort", "insufficient_system_resource"})


class OpenAI:
    def call(self, request: ChatRequest, model: Model, provider: Provider, key: str) -> HttpCall:
        return HttpCall(
            url=address(provider, "/chat/completions"),
            headers=openai_body.headers(provider, key),
            body=orjson.dumps(openai_body.body(request, model, provider)),
        )

    def reader(self, request: ChatRequest) -> "OpenAIReader":
        return OpenAIReader(request)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        return refused(refusal(status, json_object(body)), headers)


class OpenAIReader(StreamReader):
    terminal = b"[DONE]"

    def __init__(self, request: ChatRequest) -> None:
        super().__init__(SseFraming(), shown=request.prefill)
        self._finish_reason = ""
        self._usage: dict[str, Any] | None = None  # the latest report: every one is cumulative

    def take(self, name: str, payload: dict[str, Any]) -> None:
        if payload.get("error") or payload.get("object") == "error":
            self.fail(failed_in_stream(payload))
            return
        usage = payload.get("usage")
        if not usage and "x_groq" in payload:
            usage = (payload["x_groq"] or _NOTHING).get("usage")
        if usage:
            self._usage = usage
        for choice in payload.get("choices") or ():
            if not choice.get("index"):
                self._choice(choice)

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        if delta:
            self._delta(delta)
        reason = choice.get("finish_reason")
        if not reason:
            return
        if reason in _FAILED:
            error = choice.get("error")
            self.fail(failed_in_stream({"error": error} if error else {}))
        else:
            self._finish_reason = reason

    def _delta(self, delta: dict[str, Any]) -> None:
        content = delta.get("content")
        if len(delta) == 1 and content.__class__ is str:  # by far the commonest
            self.text(content)
            return
        # Servers on their way from one name to the other send both, with the same words.
        self.reasoning(delta.get("reasoning_content") or delta.get("reasoning") or "")
        if content.__class__ is str:
            self.text(content)
        elif content:
            self._parts_of(content)
        self.text(delta.get("refusal") or "")
        for position, call in enumerate(delta.get("tool_calls") or ()):
            function = call.get("function") or _NOTHING
            index = call.get("index", position)
            self.tool_call(index, call.get("id"), function.get("name"), function.get("arguments"))

    def _parts_of(self, content: list[dict[str, Any]]) -> None:
        """Mistral's list: `{"type": "text", "text": …}`, `{"type": "thinking", "thinking": [{…}]}`."""
        for part in content:
            if part["type"] == "text":
                self.text(part["text"])
            elif part["type"] == "thinking":
                thought = part["thinking"]
                if not isinstance(thought, str):
                    thought = "".join(piece["text"] for piece in thought)
                self.reasoning(thought)

    def terminated(self) -> None:
        self.finish(_FINISH.get(self._finish_reason, "stop"), _usage(self._usage))

    def ended(self) -> None:
        if self._finish_reason:
            self.terminated()


_NOTHING: Mapping[str, Any] = {}


def _usage(report: dict[str, Any] | None) -> Usage | None:
    """Output is whatever of the total is not the prompt: xai leaves reasoning out of `completion_tokens`,
    and nobody leaves it out of `total_tokens`."""
    if not isinstance(report, dict):
        return None
    prompt = count(report.get("prompt_tokens"))
    total = count(report.get("total_tokens"))
    read, written = report.get("prompt_tokens_details"), report.get("completion_tokens_details")
    cached = read.get("cached_tokens") if isinstance(read, dict) else None
    thought = written.get("reasoning_tokens") if isinstance(written, dict) else None
    output = max(count(report.get("completion_tokens")), total - prompt)
    return Usage(
        input_tokens=prompt,
        output_tokens=output,
        cached_input_tokens=min(count(cached or report.get("prompt_cache_hit_tokens")), prompt),
        reasoning_tokens=min(count(thought), output),
    )
