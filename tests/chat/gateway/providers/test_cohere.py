"""The Cohere dialect, both ways."""

import pytest

from chat.gateway.errors import Truncated, UpstreamFailed
from chat.gateway.events import Finished, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.cohere import Cohere
from tests.chat.gateway.providers.catalogue import TOOLS, ask, body, call
from tests.chat.gateway.providers.streams import QUESTION, answer, named_sse, recorded


def event(kind: str, index: int = 0, **message: object) -> dict:
    return {"type": kind, "index": index, "delta": {"message": message}}


def end(reason: str = "COMPLETE", **usage: object) -> dict:
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": usage}}


def said(*events: bytes | dict):
    return answer("cohere", [named_sse(*events)])


def failure_of(*events: bytes | dict):
    reader = Cohere().reader(QUESTION)
    reader.feed(named_sse(*events))
    reader.end()
    return reader.failure


def test_the_recorded_answer_counts_what_is_billed() -> None:
    found = said(*recorded("cohere-text"))
    assert found.text == "The capital of France is Paris."
    assert found.finished == Finished("stop", Usage(12, 7))


def test_tokens_are_counted_where_nothing_is_billed() -> None:
    assert said(end(tokens={"input_tokens": 5, "output_tokens": 6})).finished == Finished("stop", Usage(5, 6))
    assert said(end()).finished == Finished("stop", Usage(estimated=True))


def test_thinking_plans_and_tool_calls() -> None:
    function = {"name": "weather", "arguments": ""}
    found = said(
        event("content-start", content={"type": "thinking", "thinking": ""}),
        event("content-delta", content={"thinking": "hm"}),
        event("tool-plan-delta", tool_plan=", so"),
        event("content-delta", 1, content={"text": "a"}),
        event("tool-call-start", tool_calls={"id": "c1", "type": "function", "function": function}),
        event("tool-call-delta", tool_calls={"function": {"arguments": "{}"}}),
        {"type": "tool-call-end", "index": 0},
        {"type": "citation-start", "delta": {}},
        end("TOOL_CALL"),
    )
    assert found.events[:-1] == (
        Reasoning("hm, so"),
        Text("a"),
        ToolCall(0, "c1", "weather", ""),
        ToolCall(0, "", "", "{}"),
    )
    assert found.finished is not None
    assert found.finished.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("theirs", "ours"), [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length")]
)
def test_finish_reasons_are_translated(theirs: str, ours: str) -> None:
    finished = said(end(theirs)).finished
    assert finished is not None
    assert finished.finish_reason == ours


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT", "SOMETHING_NEW"])
def test_a_finish_that_is_a_failure_is_one(reason: str) -> None:
    assert isinstance(failure_of(end(reason)), UpstreamFailed)


def test_without_message_end_it_was_cut_off() -> None:
    assert isinstance(failure_of(*recorded("cohere-text")[:-1]), Truncated)


def test_the_call() -> None:
    request = ask(temperature=1.5, extra={"top_p": 0.9, "tools": TOOLS, "stop": "END", "user": "u"})
    sent = call(request, "cohere")
    assert sent.url == "https://api.cohere.com/v2/chat"
    assert sent.headers["authorization"] == "Bearer k"
    assert body(request, "cohere") == {
        "model": "m-1",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "max_tokens": 512,
        "temperature": 1.0,
        "p": 0.9,
        "tools": TOOLS,
        "stop_sequences": ["END"],
    }
