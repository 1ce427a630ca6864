"""However a stream is cut, what it says is the same; wherever it breaks off, it is not called finished;
whatever it is made of, nothing is raised."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.gateway.catalogue import DialectName
from chat.gateway.providers.registry import DIALECTS
from tests.chat.gateway.providers.streams import (
    QUESTION,
    STREAMS,
    Stream,
    answer,
    eventstream,
    message,
    ndjson,
    sse,
)

every_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=list(STREAMS))
every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def whole(stream: Stream):
    return answer(stream.dialect, [stream.data], stream.request)


@every_stream
def test_it_finishes_or_fails_as_its_provider_meant(stream: Stream) -> None:
    said = whole(stream)
    assert (said.finished is None) == (stream.marker is None)
    assert bool(said.failure) == (stream.marker is None)


@every_stream
def test_it_says_the_same_cut_in_two_at_every_byte(stream: Stream) -> None:
    expected = whole(stream)
    for at in range(len(stream.data) + 1):
        said = answer(stream.dialect, [stream.data[:at], stream.data[at:]], stream.request)
        assert said == expected, f"cut at byte {at}"


@every_stream
def test_it_says_the_same_byte_by_byte(stream: Stream) -> None:
    pieces = [stream.data[at : at + 1] for at in range(len(stream.data))]
    assert answer(stream.dialect, pieces, stream.request) == whole(stream)


@every_stream
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_it_says_the_same_cut_anywhere(stream: Stream, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream.data)), max_size=12).map(sorted))
    bounds = [0, *cuts, len(stream.data)]
    pieces = [stream.data[start:stop] for start, stop in pairwise(bounds)]
    assert answer(stream.dialect, pieces, stream.request) == whole(stream)


@every_stream
def test_it_is_never_finished_before_its_terminal_marker(stream: Stream) -> None:
    expected = whole(stream)
    marker = stream.marker
    end = stream.data.index(marker) + len(marker) if marker else len(stream.data) + 1
    for at in range(len(stream.data)):
        said = answer(stream.dialect, [stream.data[:at]], stream.request)
        assert (said.finished is None) or at >= end, f"finished at byte {at}, before its marker at {end}"
        assert bool(said.failure) == (said.finished is None)
        assert expected.text.startswith(said.text)
        assert expected.reasoning.startswith(said.reasoning)


@every_dialect
@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(st.binary(max_size=200), max_size=6))
def test_it_takes_any_bytes(dialect: DialectName, pieces: list[bytes]) -> None:
    answer(dialect, pieces)


@every_stream
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_takes_a_stream_with_some_bytes_spoilt(stream: Stream, data: st.DataObject) -> None:
    spoilt = bytearray(stream.data)
    for _ in range(data.draw(st.integers(1, 5))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    answer(stream.dialect, [bytes(spoilt)], stream.request)


_KEY_WORDS = (
    "type error object choices index delta content reasoning_content tool_calls function arguments id name "
    "finish_reason usage x_groq prompt_tokens total_tokens text thinking message content_block message_delta "
    "stop_reason candidates parts functionCall finishReason usageMetadata promptFeedback done done_reason "
    "tool_plan billed_units contentBlockIndex start toolUse stopReason code details status"
)
_VALUE_WORDS = (
    "text stop content-delta content-start tool-call-start message-end message_start content_block_start "
    "content_block_delta message_delta message_stop error text_delta tool_use STOP COMPLETE"
)
_KEYS = st.sampled_from(_KEY_WORDS.split())
_VALUES = st.sampled_from(_VALUE_WORDS.split())
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.just("") | _VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=12,
)
_EVENTS = st.sampled_from(
    ["contentBlockDelta", "contentBlockStart", "messageStop", "metadata", "throttlingException", ""]
)


@every_dialect
@settings(max_examples=150, deadline=None)
@given(payload=st.dictionaries(_KEYS, _JSON, max_size=5), event=_EVENTS)
def test_it_takes_json_of_the_wrong_shape(dialect: DialectName, payload: dict, event: str) -> None:
    framed = {"ollama": ndjson(payload), "bedrock": eventstream({event: payload})}
    answer(dialect, [framed.get(dialect, sse(payload))])
    DIALECTS[dialect].error(400, {}, sse(payload)[6:])


@every_dialect
@settings(max_examples=40, deadline=None)
@given(
    status=st.integers(300, 599),
    headers=st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=20)),
    body=st.binary(max_size=100),
)
def test_it_takes_any_refusal(dialect: DialectName, status: int, headers: dict, body: bytes) -> None:
    failure = DIALECTS[dialect].error(status, headers, body)
    assert failure.message
    assert failure.retry_after_s is None or failure.retry_after_s >= 0


def test_an_event_without_an_end_does_not_fill_the_memory() -> None:
    piece = b"x" * 1_000_000
    for dialect in DIALECTS:
        reader = DIALECTS[dialect].reader(QUESTION)
        reader.feed(message(b"", event_type="a")[:-1] if dialect == "bedrock" else b"data: ")
        for _ in range(5):
            reader.feed(piece)
        assert type(reader.failure).__name__ == "GarbledStream", dialect
        assert reader.feed(b"\n\n") == ()
