"""The Anthropic dialect, both ways."""

import pytest

from chat.gateway.errors import (
    BadRequest,
    ContextTooLong,
    GatewayError,
    Truncated,
    UpstreamFailed,
    UpstreamRateLimited,
)
from chat.gateway.events import Finished, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.anthropic import Anthropic
from chat.gateway.request import ChatMessage, ChatRequest
from tests.chat.gateway.providers.catalogue import PICTURE, PNG, TOOL_TALK, TOOLS, ask, body, call, model
from tests.chat.gateway.providers.streams import QUESTION, answer, named_sse, recorded


def delta(kind: str, index: int = 0, **fields: str) -> dict:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def block(kind: str, index: int = 0, **fields: object) -> dict:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def ending(reason: str = "end_turn", **usage: int) -> list[dict]:
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage},
        {"type": "message_stop"},
    ]


def said(*events: bytes | dict, request: ChatRequest = QUESTION):
    return answer("anthropic", [named_sse(*events)], request)


def test_the_recorded_answer() -> None:
    found = said(*recorded("anthropic-text"))
    assert found.text.startswith("Hello! I'm doing well")
    assert found.finished == Finished("stop", Usage(12, 30))


def test_without_message_stop_it_was_cut_off() -> None:
    reader = Anthropic().reader(QUESTION)
    reader.feed(named_sse(*recorded("anthropic-text")[:-1]))
    reader.end()
    assert isinstance(reader.failure, Truncated)


def test_usage_is_cumulative_and_the_cache_is_counted_apart() -> None:
    begun = {"input_tokens": 3, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 10}
    start = {"type": "message_start", "message": {"usage": {**begun, "output_tokens": 1}}}
    finished = said(start, delta("text_delta", text="a"), *ending(output_tokens=9)).finished
    assert finished is not None
    assert finished.usage == Usage(113, 9, cached_input_tokens=100)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_stop_reasons_are_translated(theirs: str, ours: str) -> None:
    finished = said(*ending(theirs)).finished
    assert finished is not None
    assert finished.finish_reason == ours


def test_every_kind_of_delta() -> None:
    found = said(
        block("thinking", thinking=""),
        delta("thinking_delta", thinking="hm"),
        delta("signature_delta", signature="c2ln"),
        block("text", 1, text=""),
        delta("text_delta", 1, text="a"),
        delta("citations_delta", 1),
        block("tool_use", 2, id="c1", name="weather", input={}),
        delta("input_json_delta", 2, partial_json='{"city":'),
        block("tool_use", 3, id="c2", name="time", input={}),
        {"type": "ping"},
        {"type": "something_new"},
        *ending("tool_use"),
    )
    assert found.events[:-1] == (
        Reasoning("hm"),
        Text("a"),
        ToolCall(0, "c1", "weather", ""),
        ToolCall(0, "", "", '{"city":'),
        ToolCall(1, "c2", "time", ""),
    )


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("overloaded_error", UpstreamFailed),
        ("api_error", UpstreamFailed),
        ("rate_limit_error", UpstreamRateLimited),
        ("request_too_large", ContextTooLong),
        ("invalid_request_error", BadRequest),
    ],
)
def test_an_error_event_ends_the_stream(kind: str, failure: type[GatewayError]) -> None:
    reader = Anthropic().reader(QUESTION)
    reader.feed(named_sse({"type": "error", "error": {"type": kind, "message": "sk-secret"}}))
    assert type(reader.failure) is failure
    assert "secret" not in reader.failure.message


def test_the_call() -> None:
    system = ChatMessage("system", "Be brief.")
    sent = call(ask(system, ChatMessage("user", "a"), ChatMessage("user", "b")), "anthropic")
    assert sent.url == "https://api.anthropic.com/v1/messages"
    assert sent.headers["x-api-key"] == "k"
    assert sent.headers["anthropic-version"] == "2023-06-01"
    written = body(
        ask(system, ChatMessage("user", "a"), ChatMessage("user", "b"), temperature=1.5), "anthropic"
    )
    texts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert written == {
        "model": "m-1",
        "max_tokens": 512,
        "messages": [{"role": "user", "content": texts}],
        "system": "Be brief.",
        "stream": True,
        "temperature": 1.0,
    }


def test_a_thinking_model_is_not_told_how_to_sample() -> None:
    """Claude from 4.7 on answers 400 to a temperature."""
    thinker = model("reasoning")
    request = ask(temperature=0.0, extra={"top_p": 0.5})
    assert not {"temperature", "top_p"} & body(request, "anthropic", of=thinker).keys()


def test_pictures_and_tools_are_translated() -> None:
    picture = body(ask(PICTURE), "anthropic")["messages"][0]["content"][1]
    assert picture["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}
    sent = body(ask(*TOOL_TALK, extra={"tools": TOOLS, "stop": "END", "top_p": 0.5}), "anthropic")
    assert sent["messages"][1]["content"] == [
        {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Oslo"}}
    ]
    assert sent["messages"][2]["role"] == "user"
    assert sent["messages"][2]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": "c1",
        "content": "rain",
    }
    assert sent["tools"][0]["input_schema"] == {"type": "object"}
    assert sent["stop_sequences"] == ["END"]


def test_parts_that_cannot_be_read_are_the_callers_error() -> None:
    with pytest.raises(BadRequest):
        call(ask(ChatMessage("user", "a", {"content": [{"type": "image_url"}]})), "anthropic")


def test_a_prefill_never_ends_in_white_space_and_what_comes_back_of_it_is_dropped() -> None:
    request = ask(prefill="One, \n")
    sent = body(request, "anthropic", of=model("prefill"))
    assert sent["messages"][-1] == {"role": "assistant", "content": [{"type": "text", "text": "One,"}]}
    found = said(delta("text_delta", text=" "), delta("text_delta", text="\ntwo"), *ending(), request=request)
    assert found.text == "two"


def test_a_prefill_of_nothing_but_white_space_is_none() -> None:
    sent = body(ask(prefill=" \n"), "anthropic", of=model("prefill"))
    assert [message["role"] for message in sent["messages"]] == ["user"]
