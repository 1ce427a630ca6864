"""What a client may say, and how it is refused."""

import uuid

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol

CONVERSATION = uuid.UUID("6f1d0c5e-2a4b-4c9e-9d55-0b8a4f3e7a21")  # fixed: it is part of test names


def a_send(**changed) -> str:
    frame = {"type": "chat.send", "client_message_id": "c1", "text": "Hello", "model": "auto"} | changed
    return orjson.dumps({key: value for key, value in frame.items() if value is not ...}).decode()


def a_frame(kind: str, **fields) -> str:
    return orjson.dumps({"type": kind} | fields).decode()


def refusal(raw: str) -> protocol.BadFrame:
    with pytest.raises(protocol.BadFrame) as refused:
        protocol.parse(raw)
    return refused.value


def test_a_question_is_read_with_its_defaults():
    frame = protocol.parse(a_send(model=...))
    assert frame == protocol.Send(client_message_id="c1", text="Hello")


def test_a_question_is_read_whole():
    frame = protocol.parse(a_send(conversation_id=str(CONVERSATION), id=7))
    assert frame.conversation_id == CONVERSATION
    assert frame.id == 7


@pytest.mark.parametrize("preference", [0, 0.25, 1])
def test_how_cheap_or_good_is_said_on_a_question_and_on_asking_again(preference):
    again = a_frame("chat.regenerate", message_id=CONVERSATION, preference=preference)
    for raw in (a_send(preference=preference), again):
        assert protocol.parse(raw).preference == preference


def test_continue_is_a_word_python_keeps_for_itself():
    raw = {"type": "chat.regenerate", "message_id": str(CONVERSATION), "continue": True}
    assert protocol.parse(orjson.dumps(raw).decode()).continue_ is True


def test_unknown_fields_are_left_alone_so_that_pages_may_be_newer_than_servers():
    assert protocol.parse(a_send(hat="green")).text == "Hello"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "object"),
        ("null", "object"),
        ('"chat.send"', "object"),
        ("{}", "type"),
        ('{"type": 5}', "type"),
        ('{"type": ["chat.send"]}', "type"),
        ('{"type": "chat.sing"}', "type"),
        ('{"type": "chat.send", "client_message_id": "c", "text": "\\ud800"}', "JSON"),
        (a_send(text=...), "text is missing"),
        (a_send(client_message_id=...), "client_message_id is missing"),
        (a_send(text=5), "text must be text"),
        (a_send(text=None), "text must be text"),
        (a_send(text=""), "text is empty"),
        (a_send(text=" \n\t "), "text is empty"),
        (a_send(text="a\0b"), "NUL"),
        (a_send(client_message_id=["c"]), "client_message_id must be text"),
        (a_send(conversation_id="nowhere"), "conversation_id must be an id"),
        (a_send(conversation_id=17), "conversation_id must be an id"),
        (a_send(parent_id={}), "parent_id must be an id"),
        (a_send(model=None), "model must be text"),
        (a_send(id={"a": 1}), "id"),
        (a_send(id=True), "id"),
        (a_send(preference=1.01), "preference must be a number from 0 to 1"),
        (a_send(preference=-1), "preference"),
        (a_send(preference=True), "preference"),
        (a_send(preference="1"), "preference"),
        (a_frame("chat.stop"), "generation_id is missing"),
        (a_frame("chat.resume", generation_id=CONVERSATION, after=-1), "after"),
        (a_frame("chat.resume", generation_id=CONVERSATION, after=1.5), "after"),
        (a_frame("chat.resume", generation_id=CONVERSATION, after=True), "after"),
        (a_frame("chat.regenerate", message_id=CONVERSATION, **{"continue": 1}), "continue"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused_in_words(raw, says):
    refused = refusal(raw)
    assert refused.code == "bad_frame"
    assert says in refused.message


def test_a_text_that_is_too_long_has_a_code_of_its_own():
    assert refusal(a_send(text="x" * (protocol.MAX_TEXT + 1))).code == "too_long"
    assert refusal(a_send(text="x" * 1_000_000)).code == "too_long"


def test_a_refusal_echoes_what_could_be_read_of_the_frame():
    assert refusal(a_send(text="", id="i9")).echo == {"id": "i9", "client_message_id": "c1"}
    assert refusal(a_send(text="", id=[1])).echo == {"client_message_id": "c1"}


@given(st.text())
def test_any_text_is_read_or_refused_but_never_breaks_the_reader(raw):
    try:
        protocol.parse(raw)
    except protocol.BadFrame:
        pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(protocol.CLIENT_FRAMES)),
    st.dictionaries(
        st.sampled_from(["id", "text", "model", "after", "continue", "message_id", "preference"]), JSON
    ),
)
def test_any_fields_are_read_or_refused_but_never_break_the_reader(kind, values):
    values = {key: value for key, value in values.items() if key != "type"}
    try:
        raw = orjson.dumps({"type": kind} | values).decode()
    except (TypeError, orjson.JSONEncodeError):
        return  # a lone surrogate cannot be sent at all
    try:
        protocol.parse(raw)
    except protocol.BadFrame:
        pass


def test_an_encoded_frame_is_one_line_and_names_its_type_first():
    raw = protocol.encode(protocol.Delta(generation_id=CONVERSATION, seq=3, text="a\nb\u2028c"))
    assert raw.startswith('{"type":"chat.delta"')
    assert "\n" not in raw
    assert orjson.loads(raw) == {
        "type": "chat.delta",
        "generation_id": str(CONVERSATION),
        "seq": 3,
        "text": "a\nb\u2028c",
    }


def test_a_field_that_says_nothing_is_left_out_but_an_answer_from_no_cache_says_so():
    error = protocol.as_dict(protocol.Error(code="internal", message="Sorry"))
    assert set(error) == {"type", "code", "message"}
    start = protocol.Start(
        generation_id=CONVERSATION, seq=1, provider="p", model="m", tier="simple", reason="r", cached=None
    )
    assert protocol.as_dict(start)["cached"] is None
