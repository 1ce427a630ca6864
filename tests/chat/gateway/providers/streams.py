"""Streams as bytes: the recorded ones of tests/fixtures/streams framed as their providers frame them, and
hand-made ones for what was never recorded; and what a reader makes of them, however they are cut."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from chat.gateway.catalogue import DialectName
from chat.gateway.events import Event, Finished, Reasoning, Text
from chat.gateway.providers.registry import DIALECTS
from chat.gateway.request import ChatMessage, ChatRequest

FIXTURES = Path(__file__).parents[3] / "fixtures" / "streams"
QUESTION = ChatRequest((ChatMessage("user", "hello"),))


@dataclass(frozen=True)
class Answer:
    """What is the same however the bytes are cut: events with neighbours joined, and the failure."""

    events: tuple[Event, ...]
    failure: str

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Text))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Reasoning))

    @property
    def finished(self) -> Finished | None:
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Finished) else None


def answer(dialect: DialectName, pieces: Iterable[bytes], request: ChatRequest = QUESTION) -> Answer:
    reader = DIALECTS[dialect].reader(request)
    events: list[Event] = []
    for piece in pieces:
        events += reader.feed(piece)
    events += reader.end()
    failure = f"{type(reader.failure).__name__}: {reader.failure}" if reader.failure else ""
    assert not (failure and reader.done), "an answer is finished or failed, never both"
    assert reader.done == any(isinstance(event, Finished) for event in events)
    return Answer(tuple(_joined(events)), failure)


def _joined(events: Sequence[Event]) -> Iterable[Event]:
    pending: Text | Reasoning | None = None
    for event in events:
        if isinstance(event, Text | Reasoning):
            assert event.text, "no event is empty"
            if type(event) is type(pending):
                pending = type(event)(pending.text + event.text)
                continue
        if pending is not None:
            yield pending
        pending = event if isinstance(event, Text | Reasoning) else None
        if pending is None:
            yield event
    if pending is not None:
        yield pending


# Framings.


def sse(*payloads: bytes | str | dict[str, Any], newline: str = "\n", space: str = " ") -> bytes:
    written = b"".join(b"data:" + space.encode() + _bytes(payload) + b"\n\n" for payload in payloads)
    return written.replace(b"\n", newline.encode())


def named_sse(*payloads: bytes | dict[str, Any]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (orjson.loads(_bytes(payload))["type"].encode(), _bytes(payload))
        for payload in payloads
    )


def ndjson(*payloads: dict[str, Any]) -> bytes:
    return b"".join(orjson.dumps(payload) + b"\n" for payload in payloads)


def message(payload: bytes, **headers: str) -> bytes:
    """One message of Amazon's event stream; `event_type="x"` is the header `:event-type`."""
    block = b"".join(_header(":" + name.replace("_", "-"), value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    begun = prelude + struct.pack(">I", crc32(prelude)) + block + payload
    return begun + struct.pack(">I", crc32(begun))


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


def eventstream(*events: dict[str, Any]) -> bytes:
    """`{"messageStop": {…}}`, as the recordings write it: the name is a header on the wire."""
    written = b""
    for event in events:
        (name, payload), *_ = event.items()
        json = {"content_type": "application/json", "message_type": "event"}
        written += message(orjson.dumps(payload), event_type=name, **json)
    return written


def _bytes(payload: bytes | str | dict[str, Any]) -> bytes:
    if isinstance(payload, dict):
        return orjson.dumps(payload)
    return payload.encode() if isinstance(payload, str) else payload


def recorded(name: str) -> list[bytes]:
    return (FIXTURES / f"{name}.jsonl").read_bytes().splitlines()


# The streams.


@dataclass(frozen=True)
class Stream:
    """`marker` ends where the answer may first be called finished; None where it must fail."""

    dialect: DialectName
    data: bytes
    marker: bytes | None
    request: ChatRequest = QUESTION


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of the OpenAI dialect."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}


def _deepseek() -> list[bytes]:
    lines = recorded("deepseek-tool-call")
    return lines[:5] + lines[-14:]  # the thinking in between is more of the same


WIDE = "naïve Ω 日本語 👩‍👩‍👧 "
_USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
_STOP, _DONE = b'"finish_reason":"stop"', "[DONE]"

STREAMS: dict[str, Stream] = {
    "azure": Stream("openai", sse(*recorded("azure-model-router.1"), _DONE), _STOP),
    "deepseek": Stream(
        "openai", b": keep-alive\n\n" + sse(*_deepseek(), _DONE), b'"finish_reason":"tool_calls"'
    ),
    "mistral": Stream("openai", sse(*recorded("mistral-text"), _DONE), _STOP),
    "xai, without its terminator": Stream("openai", sse(*recorded("xai-text")), _STOP),
    "llama.cpp": Stream("openai", sse(*recorded("llamacpp-text"), _DONE), _STOP),
    "CRLF, no space, wide characters": Stream(
        "openai",
        sse(chunk({"content": WIDE}), chunk({"content": WIDE}, "stop"), _DONE, newline="\r\n", space=""),
        _STOP,
    ),
    "CR": Stream("openai", sse(chunk({"content": WIDE}), chunk({}, "stop"), _DONE, newline="\r"), _STOP),
    "mixed ends, comments, several data lines": Stream(
        "openai",
        b"\xef\xbb\xbf: hello\r\nid: 3\rretry: 10\n"
        b'data: {"choices":\r\ndata: [{"index":0,\rdata:"delta":{"content":"a\\u00e9"},'
        b'\ndata: "finish_reason":"stop"}]}\r\n\r\n: ping\n\ndata\n\ndata: [DONE]\n\n',
        _STOP,
    ),
    "no last newline": Stream("openai", sse(chunk({"content": "a"}, "stop"), _DONE).rstrip(), _STOP),
    "prefill echoed": Stream(
        "openai",
        sse(chunk({"role": "assistant", "content": None}), chunk({"content": "One, "}))
        + sse(chunk({"content": "two, th"}), chunk({"content": "ree"}, "stop"), _DONE),
        _STOP,
        ChatRequest(QUESTION.messages, prefill="One, two, "),
    ),
    "error in mid-stream": Stream(
        "openai", sse(chunk({"content": "a"}), {"error": {"code": 502, "message": "x"}}, _DONE), None
    ),
    "garbage line": Stream("openai", sse(chunk({"content": "a"}), "{nonsense", chunk({}, "stop")), None),
    "cut off": Stream("openai", sse(chunk({"content": "a"}), chunk({"content": "b"})), None),
    "anthropic": Stream("anthropic", named_sse(*recorded("anthropic-text")), b'{"type":"message_stop"}'),
    "anthropic overloaded": Stream(
        "anthropic",
        named_sse(*recorded("anthropic-text")[:5])
        + named_sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        None,
    ),
    "gemini": Stream("gemini", sse(*recorded("google-reasoning"), newline="\r\n"), b'"finishReason":"STOP"'),
    "cohere": Stream("cohere", named_sse(*recorded("cohere-text")), b'"finish_reason":"COMPLETE"'),
    "ollama": Stream(
        "ollama",
        ndjson(
            {"message": {"role": "assistant", "content": "", "thinking": "hm " + WIDE}, "done": False},
            {"message": {"role": "assistant", "content": WIDE}, "done": False},
            {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 5}
            | {"eval_count": 9},
        ),
        b'"done":true',
    ),
    "ollama dies": Stream(
        "ollama", ndjson({"message": {"content": "a"}, "done": False}, {"error": "llama runner died"}), None
    ),
    "bedrock": Stream(
        "bedrock",
        eventstream(*(orjson.loads(line) for line in recorded("amazon-bedrock-text"))),
        b'"stopReason":"end_turn"',
    ),
    "bedrock throttled": Stream(
        "bedrock",
        eventstream({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "a"}}})
        + message(b'{"message":"slow"}', message_type="exception", exception_type="throttlingException"),
        None,
    ),
}
