"""Answers in OpenAI's shapes. Pure.

A stream's chunks are made by `Chunks`, a whole answer by `Whole`; both take the gateway's events. Two fields
are ours: `usage.cost_usd`, and `usage.estimated` where the provider did not count.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson

from chat.gateway import events
from chat.gateway.catalogue import Model
from chat.gateway.stack import ModelEntry

DONE = b"data: [DONE]\n\n"
WAITING = b": waiting\n\n"  # a comment, which keeps proxies from giving up


def usage_shape(usage: events.Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "cost_usd": usage.cost_microusd / 1_000_000,
        "estimated": usage.estimated,
    }


def model_shape(entry: ModelEntry) -> dict[str, Any]:
    model = entry.model
    return {
        "id": model.name,
        "object": "model",
        "created": 0,  # nobody knows; the field has to be a number
        "owned_by": model.provider,
        "context_window": model.context,
        "max_output_tokens": model.max_output,
        "capabilities": sorted(model.capabilities),
        "pricing": {"input": model.price.input, "output": model.price.output},
    }


def embedding_shape(model: Model) -> dict[str, Any]:
    return {
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        "context_window": model.context,
        "capabilities": sorted(model.capabilities),
        "pricing": {"input": model.price.input},
    }


AUTO_SHAPE: dict[str, Any] = {"id": "auto", "object": "model", "created": 0, "owned_by": "grump"}


def sse(payload: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(payload) + b"\n\n"


@dataclass(slots=True)
class Chunks:
    """Each event as the bytes of its chunks."""

    id: str
    created: int  # Unix time
    model: str
    include_usage: bool
    _opened: bool = False

    def of(self, event: events.Event) -> bytes:
        match event:
            case events.Text(text):
                return self._delta({"content": text})
            case events.Reasoning(text):
                return self._delta({"reasoning_content": text})
            case events.ToolCall():
                return self._delta({"tool_calls": [_call_delta(event)]})
            case events.Retry():
                self.model = event.to
            case events.Finished():
                return self._end(event)
        return b""

    def _delta(self, delta: dict[str, Any]) -> bytes:
        if not self._opened:
            self._opened = True
            delta = {"role": "assistant", "content": None if "tool_calls" in delta else "", **delta}
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])

    def _end(self, end: events.Finished) -> bytes:
        first = b"" if self._opened else self._delta({"content": ""})
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": end.finish_reason}
        last = self._chunk([choice])
        # OpenAI's place for it: a chunk of its own, without choices, before the end.
        usage = self._chunk([], usage=usage_shape(end.usage)) if self.include_usage else b""
        return first + last + usage + DONE

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return sse(
            {
                "id": self.id,
                "object": "chat.completion.chunk",
                "created": self.created,
                "model": self.model,
                "choices": choices,
                **more,
            }
        )


def _call_delta(call: events.ToolCall) -> dict[str, Any]:
    function = {"arguments": call.arguments} | ({"name": call.name} if call.name else {})
    first = {"id": call.id, "type": "function"} if call.id else {}
    return {"index": call.index, **first, "function": function}


@dataclass(slots=True)
class Whole:
    """Gathers the events of an answer into one completion."""

    id: str
    created: int
    model: str
    _said: list[str] = field(default_factory=list)
    _thought: list[str] = field(default_factory=list)
    _calls: dict[int, dict[str, Any]] = field(default_factory=dict)

    def take(self, event: events.Event) -> None:
        match event:
            case events.Text(text):
                self._said.append(text)
            case events.Reasoning(text):
                self._thought.append(text)
            case events.Retry():
                self.model = event.to
            case events.ToolCall():
                call = self._calls.setdefault(
                    event.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                )
                call["id"] = call["id"] or event.id
                call["function"]["name"] += event.name
                call["function"]["arguments"] += event.arguments

    @property
    def written(self) -> str:
        """All that was generated so far, to count by where nobody else counts."""
        calls = (call["function"]["name"] + call["function"]["arguments"] for call in self._calls.values())
        return "".join([*self._thought, *self._said, *calls])

    def completion(self, end: events.Finished) -> dict[str, Any]:
        calls = [call for _, call in sorted(self._calls.items())]
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(self._said) if self._said or not calls else None,
            "refusal": None,
        }
        if self._thought:
            message["reasoning_content"] = "".join(self._thought)
        if calls:
            message["tool_calls"] = calls
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": end.finish_reason}
            ],
            "usage": usage_shape(end.usage),
        }


def replayed(completion: dict[str, Any], include_usage: bool) -> bytes:
    """A stored completion as a stream: everything at once."""
    choice, usage = completion["choices"][0], completion["usage"]
    message = {name: value for name, value in choice["message"].items() if name != "refusal"}
    if calls := message.get("tool_calls"):
        message["tool_calls"] = [{"index": place, **call} for place, call in enumerate(calls)]
    head = {name: completion[name] for name in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    deltas = [(message, None), ({}, choice["finish_reason"])]
    chunks = [
        {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}
        for delta, reason in deltas
    ]
    if include_usage:
        chunks.append({**head, "choices": [], "usage": usage})
    return b"".join(map(sse, chunks)) + DONE
