"""The Gemini dialect, both ways."""

import pytest

from chat.gateway.errors import ContentFiltered, GatewayError, Truncated, UpstreamFailed, UpstreamRateLimited
from chat.gateway.events import Finished, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.gemini import Gemini
from chat.gateway.request import ChatMessage
from tests.chat.gateway.providers.catalogue import PICTURE, PNG, TOOL_TALK, TOOLS, ask, body, call, model
from tests.chat.gateway.providers.streams import QUESTION, answer, recorded, sse


def chunk(*parts: dict, finish: str | None = None, **more: object) -> dict:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": finish, "index": 0}], **more}


def said(*chunks: bytes | dict):
    return answer("gemini", [sse(*chunks, newline="\r\n")])


def failure_of(*chunks: bytes | dict) -> GatewayError | None:
    reader = Gemini().reader(QUESTION)
    reader.feed(sse(*chunks))
    reader.end()
    return reader.failure


def test_the_recorded_answer() -> None:
    found = said(*recorded("google-reasoning"))
    assert found.text.startswith('There are **3** "r"s in strawberry.')
    assert found.finished == Finished("stop", Usage(9, 29 + 256, reasoning_tokens=256))


def test_usage_in_every_chunk_is_not_added_up_and_cached_tokens_are_read() -> None:
    report = {"promptTokenCount": 50, "candidatesTokenCount": 3, "cachedContentTokenCount": 40}
    finished = said(
        chunk({"text": "a"}, usageMetadata={"promptTokenCount": 50, "candidatesTokenCount": 1}),
        chunk({"text": "b"}, finish="STOP", usageMetadata=report),
    ).finished
    assert finished is not None
    assert finished.usage == Usage(50, 3, cached_input_tokens=40)


def test_thoughts_and_function_calls() -> None:
    found = said(
        chunk({"text": "hm", "thought": True}),
        chunk({"text": "a"}, {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}),
        chunk({"text": "", "thoughtSignature": "c2ln"}, finish="STOP"),
    )
    call = ToolCall(0, "call_0", "weather", '{"city":"Oslo"}')
    assert found.events == (Reasoning("hm"), Text("a"), call, Finished("tool_calls", Usage(estimated=True)))


def test_without_a_finish_reason_it_was_cut_off() -> None:
    assert isinstance(failure_of(chunk({"text": "a"})), Truncated)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
    ],
)
def test_finish_reasons_are_translated(theirs: str, ours: str) -> None:
    finished = said(chunk({"text": "a"}, finish=theirs)).finished
    assert finished is not None
    assert finished.finish_reason == ours


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "OTHER", "SOMETHING_NEW"])
def test_a_finish_that_is_a_failure_is_one(reason: str) -> None:
    assert isinstance(failure_of(chunk({"text": "a"}, finish=reason)), UpstreamFailed)


def test_a_blocked_prompt_is_filtered() -> None:
    assert isinstance(failure_of({"promptFeedback": {"blockReason": "SAFETY"}}), ContentFiltered)


def test_an_error_in_mid_stream() -> None:
    event = {"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}}
    assert isinstance(failure_of(chunk({"text": "a"}), event), UpstreamFailed)
    event = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}
    assert isinstance(failure_of(event), UpstreamRateLimited)


def test_the_call() -> None:
    request = ask(
        ChatMessage("system", "Be brief."), ChatMessage("user", "a"), temperature=0.5, extra={"top_p": 0.9}
    )
    sent = call(request, "gemini", of=model(upstream="gemini-3-flash"))
    base = "https://generativelanguage.googleapis.com/v1beta"
    assert sent.url == f"{base}/models/gemini-3-flash:streamGenerateContent?alt=sse"
    assert sent.headers["x-goog-api-key"] == "k"
    assert body(request, "gemini") == {
        "contents": [{"role": "user", "parts": [{"text": "a"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"maxOutputTokens": 512, "temperature": 0.5, "topP": 0.9},
    }


def test_a_model_name_stays_one_part_of_the_path() -> None:
    sent = call(ask(), "gemini", of=model(upstream="../../other?x=1"))
    assert "/models/..%2F..%2Fother%3Fx%3D1:streamGenerateContent" in sent.url


def test_pictures_and_tools_are_translated() -> None:
    parts = body(ask(PICTURE), "gemini")["contents"][0]["parts"]
    assert parts[1] == {"inlineData": {"mimeType": "image/png", "data": PNG}}
    sent = body(ask(*TOOL_TALK, extra={"tools": TOOLS, "stop": ["END"]}), "gemini")
    assert sent["contents"][1] == {
        "role": "model",
        "parts": [{"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}],
    }
    assert sent["contents"][2]["parts"][0]["functionResponse"]["name"] == "weather"
    assert sent["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == {"type": "object"}
    assert sent["generationConfig"]["stopSequences"] == ["END"]


def test_a_prefill_is_the_models_last_word() -> None:
    sent = body(ask(prefill="One, "), "gemini", of=model("prefill"))
    assert sent["contents"][-1] == {"role": "model", "parts": [{"text": "One, "}]}
