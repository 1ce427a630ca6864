"""A request is understood, carried on or refused by the name of what is wrong with it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.api.v1.errors import Refusal
from chat.api.v1.reading import CARRIED, read
from chat.gateway.request import ChatRequest

HELLO = [{"role": "user", "content": "Hello"}]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


def asked(**fields):
    return read(orjson.dumps({"model": "auto", "messages": HELLO, **fields}), "7")


def refused(**fields) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        asked(**fields)
    return refusal.value


def test_a_plain_question():
    got = asked()
    assert got.request.messages[0].text == "Hello"
    assert (got.request.model, got.request.priority, got.request.party) == ("auto", "api", "7")
    assert (got.stream, got.include_usage, got.request.extra) == (False, False, {})


def test_a_stream_that_reports_its_usage():
    got = asked(stream=True, stream_options={"include_usage": True})
    assert (got.stream, got.include_usage) == (True, True)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_under_either_name(name):
    assert asked(**{name: 50}).request.max_output == 50


def test_parameters_of_the_provider_are_carried_on():
    extra = {"seed": 1, "top_p": 0.5, "stop": ["END"], "tools": [TOOL], "response_format": {"type": "text"}}
    assert asked(**extra).request.extra == extra


def test_null_is_as_good_as_nothing():
    assert asked(seed=None, temperature=None, n=None, tools=None).request.extra == {}


@pytest.mark.parametrize("fields", [{"n": 1}, {"logprobs": False}, {"store": False}])
def test_what_asks_for_nothing_is_allowed(fields):
    assert asked(**fields).request.extra == {}


@pytest.mark.parametrize(
    "fields",
    [{"n": 2}, {"n": True}, {"logprobs": True}, {"logprobs": 0}, {"store": True}, {"modalities": ["audio"]},
     {"functions": []}, {"max_output": 9}, {"best_of": 3}, {"base_url": "http://evil.example"}],
)  # fmt: skip
def test_what_is_not_done_is_refused_by_name(fields):
    refusal = refused(**fields)
    assert (refusal.status, refusal.param) == (400, next(iter(fields)))


@pytest.mark.parametrize(
    "fields",
    [{"temperature": 3}, {"temperature": "hot"}, {"temperature": True}, {"max_tokens": 0}, {"stream": "yes"},
     {"max_tokens": 1.5}, {"stop": ["a"] * 5}, {"stop": [1]}, {"tools": [{"type": "web"}]}, {"tools": {}},
     {"top_p": -1}, {"seed": 1.5}, {"user": "x" * 999}, {"logit_bias": []}],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(fields):
    refusal = refused(**fields)
    assert refusal.status == 400
    assert refusal.param in (next(iter(fields)), None)


def test_two_limits_are_one_too_many():
    assert refused(max_tokens=1, max_completion_tokens=2).param == "max_tokens"


@pytest.mark.parametrize("options", [{"include_usage": 1}, {"nonsense": True}, {"include_obfuscation": True}])
def test_stream_options_are_read_to_the_last(options):
    assert refused(stream=True, stream_options=options).param.startswith("stream_options.")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"a":1}' + b"}" * 9, b"[" * 5000]
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(Refusal) as refusal:
        read(body, "7")
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("messages", "param"),
    [([], "messages"), ("hi", "messages"), (["hi"], "messages[0]"),
     ([{"role": "king", "content": "hi"}], "messages[0].role"),
     ([{"role": ["user"], "content": "hi"}], "messages[0].role"),
     ([{"role": "user"}], "messages[0].content"),
     ([{"role": "user", "content": 7}], "messages[0].content"),
     ([{"role": "user", "content": [{"type": "input_audio"}]}], "messages[0].content[0]"),
     ([{"role": "user", "content": "hi", "weight": 1}], "messages[0].weight"),
     ([{"role": "tool", "content": "rain"}], "messages[0].tool_call_id"),
     ([{"role": "user", "content": "hi", "tool_calls": [CALL]}], "messages[0].tool_calls"),
     ([{"role": "assistant", "tool_calls": [{"id": 1}]}], "messages[0].tool_calls[0]"),
     ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}],
      "messages[0].content[0].image_url.url")],
)  # fmt: skip
def test_a_message_is_refused_by_its_place(messages, param):
    assert refused(messages=messages).param == param


def test_pictures_are_carried_on_and_their_words_counted():
    content = [{"type": "text", "text": "What is this?"}, PICTURE]
    message = asked(messages=[{"role": "user", "content": content}]).request.messages[0]
    assert (message.text, message.extra) == ("What is this?", {"content": content})


def test_text_in_parts_is_text():
    content = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    message = asked(messages=[{"role": "developer", "content": content}]).request.messages[0]
    assert (message.role, message.text, message.extra) == ("system", "one\ntwo", {})


def test_a_tool_and_its_result():
    messages = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ]
    read_back = asked(messages=messages).request.messages
    assert read_back[1].extra == {"tool_calls": [CALL]}
    assert (read_back[2].text, read_back[2].extra) == ("rain", {"tool_call_id": "c1"})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*CARRIED, "messages", "model", "stream", "stream_options", "n", "temperature"])


def outcome(**fields) -> ChatRequest | Refusal:
    try:
        return asked(**fields).request
    except Refusal as refusal:
        return refusal


@given(st.dictionaries(names | st.text(max_size=9), json_values, max_size=6))
def test_whatever_comes_is_read_or_refused(fields):
    result = outcome(**fields)
    if isinstance(result, Refusal):
        assert result.status == 400
    else:
        given_names = {name for name, value in fields.items() if value is not None}
        assert given_names & set(CARRIED) == set(result.extra)


@given(st.lists(json_values | st.dictionaries(st.sampled_from(["role", "content", "name"]), json_values)))
def test_whatever_is_sent_as_messages_is_read_or_refused(messages):
    result = outcome(messages=messages)
    if isinstance(result, Refusal):
        assert result.param.startswith("messages")
    else:
        assert len(result.messages) == len(messages)
