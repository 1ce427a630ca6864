"""The Bedrock dialect, both ways."""

import orjson
import pytest

from chat.gateway.errors import (
    ContextTooLong,
    GarbledStream,
    GatewayError,
    Truncated,
    UpstreamFailed,
    UpstreamRateLimited,
)
from chat.gateway.events import Finished, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.bedrock import Bedrock
from chat.gateway.request import ChatMessage
from tests.chat.gateway.providers.catalogue import PICTURE, PNG, TOOL_TALK, TOOLS, ask, body, call, model
from tests.chat.gateway.providers.streams import QUESTION, answer, eventstream, message, recorded

RECORDED = [orjson.loads(line) for line in recorded("amazon-bedrock-text")]


def delta(index: int = 0, **fields: object) -> dict:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": fields}}


def stop(reason: str = "end_turn") -> dict:
    return {"messageStop": {"stopReason": reason}}


def failure_of(written: bytes) -> GatewayError | None:
    reader = Bedrock().reader(QUESTION)
    reader.feed(written)
    reader.end()
    return reader.failure


def test_the_recorded_answer_has_its_usage_after_its_end() -> None:
    found = answer("bedrock", [eventstream(*RECORDED)])
    assert found.text.endswith('There are **3** r\'s in "strawberry."')
    assert found.finished == Finished("stop", Usage(22, 55))


def test_without_metadata_it_is_still_an_answer_and_without_a_stop_it_is_none() -> None:
    assert answer("bedrock", [eventstream(*RECORDED[:-1])]).finished == Finished(
        "stop", Usage(estimated=True)
    )
    assert isinstance(failure_of(eventstream(*RECORDED[:-2])), Truncated)


def test_metadata_alone_is_no_end() -> None:
    assert isinstance(failure_of(eventstream(delta(text="a"), RECORDED[-1])), Truncated)


def test_the_cache_is_counted_apart() -> None:
    usage = {"inputTokens": 3, "outputTokens": 9, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 10}
    finished = answer("bedrock", [eventstream(stop(), {"metadata": {"usage": usage}})]).finished
    assert finished == Finished("stop", Usage(113, 9, cached_input_tokens=100))


def test_reasoning_text_and_tool_calls() -> None:
    tool = {"toolUse": {"toolUseId": "c1", "name": "weather"}}
    found = answer(
        "bedrock",
        [
            eventstream(
                delta(reasoningContent={"text": "hm"}),
                delta(reasoningContent={"signature": "c2ln"}),
                delta(1, text="a"),
                {"contentBlockStart": {"contentBlockIndex": 2, "start": tool}},
                delta(2, toolUse={"input": "{}"}),
                stop("tool_use"),
            )
        ],
    )
    assert found.events[:-1] == (
        Reasoning("hm"),
        Text("a"),
        ToolCall(0, "c1", "weather", ""),
        ToolCall(0, "", "", "{}"),
    )
    assert found.finished is not None
    assert found.finished.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
    ],
)
def test_stop_reasons_are_translated(theirs: str, ours: str) -> None:
    finished = answer("bedrock", [eventstream(stop(theirs))]).finished
    assert finished is not None
    assert finished.finish_reason == ours


@pytest.mark.parametrize(
    ("name", "said", "failure"),
    [
        ("throttlingException", "slow", UpstreamRateLimited),
        ("modelStreamErrorException", "x", UpstreamFailed),
        ("internalServerException", "x", UpstreamFailed),
        ("serviceUnavailableException", "x", UpstreamFailed),
        ("modelTimeoutException", "x", UpstreamFailed),
        ("validationException", "Input is too long for requested model.", ContextTooLong),
    ],
)
def test_exceptions_come_inside_the_stream(name: str, said: str, failure: type[GatewayError]) -> None:
    written = message(orjson.dumps({"message": said}), message_type="exception", exception_type=name)
    assert type(failure_of(eventstream(delta(text="a")) + written)) is failure


def test_an_error_message_without_a_body_is_a_failure() -> None:
    written = message(b"", message_type="error", error_code="internalError", error_message="m")
    assert isinstance(failure_of(written), UpstreamFailed)


def test_a_wrong_checksum_is_garbage() -> None:
    written = bytearray(eventstream(*RECORDED))
    written[60] ^= 1
    assert isinstance(failure_of(bytes(written)), GarbledStream)


def test_the_call() -> None:
    request = ask(
        ChatMessage("system", "Be brief."), ChatMessage("user", "a"), temperature=0.5, extra={"stop": "END"}
    )
    sent = call(request, "bedrock", of=model(upstream="anthropic.claude-x-v1:0"))
    base = "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert sent.url == f"{base}/model/anthropic.claude-x-v1%3A0/converse-stream"
    assert sent.headers["authorization"] == "Bearer k"
    assert body(request, "bedrock") == {
        "messages": [{"role": "user", "content": [{"text": "a"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 512, "temperature": 0.5, "stopSequences": ["END"]},
    }


def test_a_thinking_model_is_not_told_how_to_sample() -> None:
    thinker = model("reasoning")
    request = ask(temperature=0.0, extra={"top_p": 0.5})
    assert body(request, "bedrock", of=thinker)["inferenceConfig"] == {"maxTokens": 512}


def test_pictures_and_tools_are_translated() -> None:
    picture = body(ask(PICTURE), "bedrock")["messages"][0]["content"][1]
    assert picture == {"image": {"format": "png", "source": {"bytes": PNG}}}
    sent = body(ask(*TOOL_TALK, extra={"tools": TOOLS}), "bedrock")
    use = {"toolUseId": "c1", "name": "weather", "input": {"city": "Oslo"}}
    assert sent["messages"][1]["content"] == [{"toolUse": use}]
    result = {"toolUseId": "c1", "content": [{"text": "rain"}]}
    assert sent["messages"][2] == {"role": "user", "content": [{"toolResult": result}]}
    assert sent["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": {"type": "object"}}


def test_a_prefill_never_ends_in_white_space() -> None:
    sent = body(ask(prefill="One, "), "bedrock", of=model("prefill"))
    assert sent["messages"][-1] == {"role": "assistant", "content": [{"text": "One,"}]}
