"""The OpenAI dialect's reader: one test for every way an imitation differs."""

import pytest

from chat.gateway.errors import (
    ContentFiltered,
    ContextTooLong,
    GarbledStream,
    GatewayError,
    Truncated,
    UpstreamFailed,
    UpstreamRateLimited,
)
from chat.gateway.events import Finished, Reasoning, Text, ToolCall, Usage
from chat.gateway.providers.openai import OpenAI
from chat.gateway.request import ChatRequest
from tests.chat.gateway.providers.streams import QUESTION, Answer, answer, chunk, recorded, sse

DONE = "[DONE]"


def said(*payloads, request: ChatRequest = QUESTION) -> Answer:
    return answer("openai", [sse(*payloads)], request)


def usage_of(*payloads) -> Usage:
    finished = said(*payloads).finished
    assert finished is not None
    return finished.usage


def failure_of(*payloads) -> GatewayError:
    reader = OpenAI().reader(QUESTION)
    reader.feed(sse(*payloads))
    reader.end()
    assert reader.failure is not None
    return reader.failure


def test_neighbouring_text_of_one_read_is_one_event() -> None:
    reader = OpenAI().reader(QUESTION)
    assert reader.feed(sse(chunk({"content": "a"}), chunk({"content": "b"}))) == [Text("ab")]
    assert reader.feed(sse(chunk({"content": "c"}))) == [Text("c")]


def test_text_before_a_failure_in_the_same_read_is_not_lost() -> None:
    reader = OpenAI().reader(QUESTION)
    assert reader.feed(sse(chunk({"content": "a"}), {"error": {"message": "x"}})) == [Text("a")]
    assert isinstance(reader.failure, UpstreamFailed)
    assert list(reader.feed(sse(chunk({"content": "b"})))) == []


def test_nothing_is_read_after_the_end() -> None:
    reader = OpenAI().reader(QUESTION)
    reader.feed(sse(chunk({"content": "a"}, "stop"), DONE, chunk({"content": "b"})))
    assert reader.done
    assert list(reader.feed(b"nonsense")) == list(reader.end()) == []
    assert reader.failure is None


@pytest.mark.parametrize(
    "empty",
    [
        b": OPENROUTER PROCESSING\n\n",
        b": keep-alive\n\n: ping\n\n",
        b"data:\n\n",
        sse(chunk({"role": "assistant", "content": None})),
        sse(chunk({"role": "assistant", "content": "", "reasoning_content": ""})),
        sse({"choices": [], "id": "", "prompt_filter_results": [{"prompt_index": 0}]}),
        sse({"choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {}}]}),
        sse(chunk(None, usage=None)),
        sse({"choices": [{"index": 1, "delta": {"content": "another choice"}}]}),
    ],
)
def test_comments_roles_and_empty_chunks_are_no_answer(empty: bytes) -> None:
    assert list(OpenAI().reader(QUESTION).feed(empty)) == []


# Endings.


def test_a_finish_reason_is_a_success_without_done() -> None:
    assert said(chunk({"content": "a"}), chunk({}, "stop")).finished == Finished(
        "stop", Usage(estimated=True)
    )


def test_a_stream_without_either_was_cut_off() -> None:
    assert isinstance(failure_of(chunk({"content": "a"})), Truncated)
    assert isinstance(failure_of(), Truncated)


def test_half_an_event_at_the_end_is_an_end_missing_and_no_garbage() -> None:
    reader = OpenAI().reader(QUESTION)
    reader.feed(sse(chunk({"content": "a"}))[:-9])
    assert list(reader.end()) == []
    assert isinstance(reader.failure, Truncated)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("stop", "stop"),
        ("eos", "stop"),  # together, fireworks, deepinfra
        ("length", "length"),
        ("model_length", "length"),  # mistral
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("", "stop"),
    ],
)
def test_finish_reasons_are_translated(theirs: str, ours: str) -> None:
    finished = said(chunk({"content": "a"}), chunk({}, theirs), DONE).finished
    assert finished is not None
    assert finished.finish_reason == ours


@pytest.mark.parametrize("reason", ["error", "insufficient_system_resource", "abort"])
def test_a_finish_that_is_a_failure_is_one(reason: str) -> None:
    assert isinstance(failure_of(chunk({"content": "a"}), chunk({}, reason), DONE), UpstreamFailed)


# Errors in mid-stream, after HTTP 200.


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"error": {"message": "The server had an error", "type": "server_error"}}, UpstreamFailed),
        ({"error": "llama runner died"}, UpstreamFailed),
        ({"object": "error", "message": "EngineDeadError", "type": "InternalServerError"}, UpstreamFailed),
        (
            {"error": {"code": 429, "message": "Rate limited"}, "choices": []},
            UpstreamRateLimited,
        ),  # openrouter
        ({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}, UpstreamRateLimited),
        ({"error": {"code": "429", "message": "slow down"}}, UpstreamRateLimited),
        ({"error": {"code": "context_length_exceeded", "message": "x"}}, ContextTooLong),
        ({"error": {"code": "content_filter", "message": "x"}}, ContentFiltered),
        ({"error": {"code": [], "message": {}}}, UpstreamFailed),
    ],
)
def test_an_error_event_ends_the_stream(event: dict, kind: type[GatewayError]) -> None:
    assert type(failure_of(chunk({"content": "a"}), event)) is kind


def test_openrouters_failing_choice_carries_its_error() -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 429}}]}
    assert isinstance(failure_of(event), UpstreamRateLimited)


def test_no_words_of_the_provider_reach_the_user() -> None:
    assert "sk-secret" not in failure_of({"error": {"message": "key sk-secret is broken"}}).message


def test_garbage_is_not_an_answer() -> None:
    for garbage in (
        "<html>502 Bad Gateway</html>",
        "[1, 2]",
        '{"choices": 5}',
        '{"choices":[{"delta":[1]}]}',
    ):
        assert isinstance(failure_of(chunk({"content": "a"}), garbage), GarbledStream)


def test_a_broken_character_is_not_a_broken_answer() -> None:
    half = '{"choices":[{"index":0,"delta":{"content":"a\\ud83d"},"logprobs":NaN}]}'
    byte = b'{"choices":[{"index":0,"delta":{"content":"\xff b"}}]}'
    assert said(half, byte, chunk({}, "stop")).text == "a\ufffd\ufffd b"


# Usage.


def test_usage_comes_on_a_last_chunk_without_choices() -> None:
    assert usage_of(*recorded("azure-model-router.1"), DONE) == Usage(15, 78, reasoning_tokens=64)


def test_usage_comes_on_the_finish_chunk_with_cached_tokens() -> None:
    assert usage_of(*recorded("deepseek-tool-call"), DONE) == Usage(339, 83, 320, 39)
    assert usage_of(*recorded("mistral-text"), DONE) == Usage(13, 8)


def test_deepseeks_own_word_for_cached_tokens() -> None:
    report = {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22, "prompt_cache_hit_tokens": 16}
    assert usage_of(chunk({}, "stop", usage=report), DONE).cached_input_tokens == 16


def test_xai_leaves_reasoning_out_of_its_output() -> None:
    assert usage_of(*recorded("xai-text"), DONE) == Usage(12, 291, 11, 290)


def test_groq_reports_twice_and_is_counted_once() -> None:
    report = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    both = chunk({}, "stop", usage=report, x_groq={"id": "r", "usage": report})
    assert usage_of(both, DONE) == Usage(5, 7)
    assert usage_of(chunk({}, "stop", x_groq={"usage": report}), DONE) == Usage(5, 7)
    assert usage_of(chunk({}, x_groq={"id": "r"}), chunk({}, "stop"), DONE).estimated


def test_continuous_usage_is_cumulative() -> None:
    running = [
        chunk(
            {"content": "a"},
            usage={"prompt_tokens": 5, "completion_tokens": n, "total_tokens": 5 + n},
        )
        for n in range(1, 8)
    ]
    assert usage_of(*running, chunk({}, "stop"), DONE) == Usage(5, 7)


def test_a_provider_that_says_nothing_leaves_the_counting_to_us() -> None:
    assert usage_of(chunk({}, "stop", usage=None), DONE) == Usage(estimated=True)


def test_impossible_counts_are_none() -> None:
    report = {"prompt_tokens": -5, "completion_tokens": True, "total_tokens": "9", "prompt_tokens_details": 3}
    assert usage_of(chunk({}, "stop", usage=report), DONE) == Usage()


# Reasoning, tools, parts.


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_has_two_names(field: str) -> None:
    events = said(chunk({field: "hm"}), chunk({"content": "a"}, "stop")).events
    assert events[:2] == (Reasoning("hm"), Text("a"))


def test_reasoning_under_both_names_is_said_once() -> None:
    assert said(chunk({"reasoning_content": "hm", "reasoning": "hm"}), chunk({}, "stop")).reasoning == "hm"


def test_mistrals_content_may_be_a_list_of_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    parts = [thinking, {"type": "text", "text": "a"}, {"type": "reference", "reference_ids": [1]}]
    assert said(chunk({"content": parts}), chunk({}, "stop")).events[:2] == (Reasoning("hm"), Text("a"))


def test_a_refusal_is_shown() -> None:
    assert said(chunk({"refusal": "I cannot"}), chunk({}, "stop")).text == "I cannot"


def test_tool_calls_come_in_pieces() -> None:
    first = {"index": 0, "id": "c1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": '{"city":'}}
    unnumbered = {"id": "c2", "function": {"name": "time", "arguments": "{}"}}
    events = said(
        chunk({"tool_calls": [first]}), chunk({"tool_calls": [more]}), chunk({"tool_calls": [unnumbered]}),
        chunk({}, "tool_calls"),
    ).events  # fmt: skip
    assert events[:3] == (
        ToolCall(0, "c1", "weather", ""),
        ToolCall(0, "", "", '{"city":'),
        ToolCall(0, "c2", "time", "{}"),
    )


# Prefill.


def go_on(*pieces: str, prefill: str) -> str:
    request = ChatRequest(QUESTION.messages, prefill=prefill)
    return said(*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop"), request=request).text


def test_an_echoed_prefill_is_taken_away_however_it_is_split() -> None:
    assert go_on("One, two, three", prefill="One, two") == ", three"
    assert go_on("On", "e, t", "wo, three", prefill="One, two") == ", three"
    assert go_on("One, two", ", three", prefill="One, two") == ", three"


def test_a_model_that_has_nothing_to_add_adds_nothing() -> None:
    assert go_on("One, two", prefill="One, two") == ""


def test_an_answer_that_only_begins_like_the_prefill_is_whole() -> None:
    assert go_on("One", " more", prefill="One, two") == "One more"
    assert go_on("One", prefill="One, two") == "One"
    assert go_on(", three", prefill="One, two") == ", three"


def test_only_the_first_echo_is_taken_away() -> None:
    assert go_on("ab", "ab", prefill="ab") == "ab"
