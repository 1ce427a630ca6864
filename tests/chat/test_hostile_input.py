"""Every door with values that nobody means: each is answered in words, none breaks, the next is heard.

Frames, addresses and methods are found by walking the protocol and the URLconf, so that a new one is tried.
"""

import json
import uuid
from dataclasses import fields
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from asgiref.sync import sync_to_async
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import importing, protocol
from chat.models import Conversation, Message
from figures import timings as browser_timings
from figures.timings import token_for
from tests.chat.api.v1.programs import Program, a_key
from tests.chat.sockets import Tab
from tests.chat.test_every_door import METHODS, address, belongings, ours, person

NESTED: Any = "x"
for _ in range(300):
    NESTED = [NESTED]

# As JSON spells them: some are no values of Python's.
HOSTILE = {
    "nothing": "null",
    "a NUL": '"a\\u0000b"',
    "half a character": '"\\ud83d"',
    "a line that turns around": '"\\u202e\\u2066\\ufeff"',
    "an overlong text": json.dumps("x" * 70_000),
    "a huge number": "1" + "0" * 400,
    "a number beyond the database": str(2**63),
    "a negative number": "-1",
    "endless": "1e400",
    "no number": "NaN",
    "true": "true",
    "a list": "[]",
    "an object": '{"a": {"b": []}}',
    "a deep list": json.dumps(NESTED),
    "an id": json.dumps(str(uuid.UUID(int=7))),
    "another type's id": '"7"',
    "a template": '"{{ 7|add:7 }}${7*7}<script>alert(1)</script>"',
    "a statement": '"x\'); DROP TABLE chat_message;--"',
}
NAMES = (
    "title",
    "pinned",
    "archived",
    "text",
    "name",
    "leaf_id",
    "instructions",
    "model",
    "up",
    "reason",
    "score",
)
TEXTS = ("\x00", "\ud83d", "%", "a" * 9_000, "9" * 400, "'\"\\", "\u202e", "-1", "<script>")


@pytest.fixture
def unhurried(monkeypatch) -> None:
    """It is not the pace that is tried here."""
    monkeypatch.setattr("grump.lib.pace.Pace.wait", lambda *_: 0.0)


async def somebody(client) -> dict[str, object]:
    user = await sync_to_async(person)("ann")
    await client.aforce_login(user)
    return await sync_to_async(belongings)(user)


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"))


# --- Addresses -------------------------------------------------------------------------------------


async def test_no_body_breaks_a_door(async_client, mock, unhurried):
    ids = await somebody(async_client)
    doors = [(address(route, ids), method) for route, _ in ours() for method in METHODS[1:]]
    for what, value in HOSTILE.items():
        body = "{" + ", ".join(f'"{name}": {value}' for name in NAMES) + "}"
        for place, method in list(doors):
            answer = await getattr(async_client, method)(place, body, content_type="application/json")
            assert answer.status_code < 500 or answer.status_code == 503, (what, place, method)
            if answer.status_code == 405:
                doors.remove((place, method))  # there is none, whatever one brings


async def test_no_question_in_an_address_breaks_a_door(async_client, mock, unhurried):
    ids = await somebody(async_client)
    names = (
        "q",
        "query",
        "as",
        "behind",
        "archived",
        "page",
        "limit",
        "days",
        "next",
        "after",
        "before",
        "p",
    )
    for text in TEXTS[:5]:
        asked = "&".join(f"{name}={encoded(text)}" for name in names)
        for route, _ in ours():
            answer = await async_client.get(f"{address(route, ids)}?{asked}")
            assert answer.status_code < 500 or answer.status_code == 503, (text, route)


async def test_no_form_breaks_a_door(async_client, mock, unhurried):
    ids = await somebody(async_client)
    names = (*NAMES, "send_key", "preference", "theme", "density", "form", "shares", "next", "password")
    doors = [address(route, ids) for route, _ in ours()]
    for text in TEXTS:
        sent = "&".join(f"{name}={encoded(text)}" for name in names)
        for place in list(doors):
            answer = await async_client.post(place, sent, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500 or answer.status_code == 503, (text, place)
            if answer.status_code == 405:
                doors.remove(place)


# --- Frames ----------------------------------------------------------------------------------------


async def test_no_value_in_a_frame_breaks_the_socket(mock, unhurried):
    user = await sync_to_async(person)("ann")
    ids = await sync_to_async(belongings)(user)
    usual = {"client_message_id": "x", "text": "hi", "after": 0, "model": "mock/fast", "kinds": {}}
    async with Tab(user) as tab:
        for what, value in HOSTILE.items():
            for kind, frame in protocol.CLIENT_FRAMES.items():
                names = [spec.name.rstrip("_") for spec in fields(frame)]
                good = {name: ids[name] for name in names if name in ids} | usual
                for name in names:
                    others = {key: one for key, one in good.items() if key in names and key != name}
                    spelled = orjson.dumps({"type": kind, **others}, default=str).decode()
                    await tab.say_raw(f'{spelled[:-1]}, "{name}": {value}}}')
            await tab.say("ping", id="over")
            while (said := await tab.hear())["type"] != "pong" or said.get("id") != "over":
                assert said.get("code") != "internal", (what, said)


RAW = (
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.sampled_from(
        [
            b"{}",
            b"[]",
            b'{"type":',
            b'{"type":null}',
            b'{"type":"ping","type":"chat.send"}',
            b"\xff\xfe",
            b"null",
        ]
    )
)


@given(st.lists(RAW, max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_bytes_break_the_reader_of_frames(texts):
    for text in texts:
        try:
            protocol.parse(text.decode("utf-8", "surrogateescape"))
        except protocol.BadFrame:
            pass


# --- The API ---------------------------------------------------------------------------------------


async def test_no_value_breaks_the_api(house):
    _, secret = await a_key(await sync_to_async(person)("ann"))
    program = Program(secret)
    names = (
        "messages", "model", "stream", "stream_options", "temperature", "max_tokens", "tools", "tool_choice",
        "metadata", "logit_bias", "response_format", "stop", "seed", "user", "n", "input",
    )  # fmt: skip
    good = {"model": "mock/fast", "messages": [{"role": "user", "content": "hi"}]}
    for what, value in HOSTILE.items():
        bodies = [f'{{"model": "mock/fast", "messages": [{{"role": {value}, "content": "hi"}}]}}']
        bodies.append(f'{{"model": "mock/fast", "messages": [{{"role": "user", "content": {value}}}]}}')
        for name in names:
            others = orjson.dumps({key: one for key, one in good.items() if key != name}).decode()
            bodies.append(f'{others[:-1]}, "{name}": {value}}}')
        for body in bodies:
            answer = await program.post("/v1/chat/completions", body.encode())
            assert answer.status < 500, (what, body[-80:], answer.status, answer.body[:200])


# --- Timings and files -------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
TIMINGS = st.lists(
    st.lists(st.sampled_from(["LCP", "CLS", "INP", "FRAME", "ERRORS"]) | JSON, max_size=5) | JSON, max_size=8
)


@settings(max_examples=80, deadline=None)
@given(shape=JSON, timings=TIMINGS, device=st.sampled_from(["desktop", "phone"]) | JSON)
def test_whatever_a_browser_measured_is_kept_within_bounds_or_dropped(shape, timings, device):
    token = token_for("chat", "r1", "")
    for batch in (shape, {"page": token, "device": device, "timings": timings}):
        try:
            read = browser_timings.read(batch, {"mock"})
        except browser_timings.Unusable:
            continue
        assert len(read.timings) + len(read.dropped) <= len(timings)
        assert all(0 <= one.value <= browser_timings.RANGES[one.name] for one in read.timings)


ANY = st.text(max_size=12) | st.sampled_from(
    ["\u202e", "\ufeff", "👩‍👩‍👧", "a\r\nb", "\ud7ff", "\x01\x7f", ""]
)
TIMES = st.datetimes().map(lambda one: one.isoformat()) | st.sampled_from(
    ["0001-01-01T00:00:00", "9999-12-31T23:59:59+00:00", "2026-11-25", "2026-W48-3", "2026-11-25T24:00:00Z"]
)


@st.composite
def files(draw) -> dict[str, Any]:
    """Built as an export is, of texts and times that nobody writes; each message follows one before it."""
    names = draw(st.lists(st.text(max_size=6), min_size=1, max_size=5, unique=True))
    messages: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        parent = draw(st.sampled_from([None, *names[:number]]))
        message = {
            "id": name,
            "parent_id": parent,
            "role": "user",
            "text": draw(ANY),
            "created_at": draw(TIMES),
        }
        if draw(st.booleans()):
            message |= {
                "role": "assistant",
                "state": draw(st.sampled_from([*sorted(importing.ENDED), "running"])),
            }
            message |= {name: draw(ANY) for name in ("model", "provider", "reasoning", "finish_reason")}
        messages.append(message)
    return {
        "format": "grump-conversation", "version": 1, "title": draw(ANY), "created_at": draw(TIMES),
        "updated_at": draw(TIMES), "titled_by_user": draw(st.booleans()), "pinned": draw(st.booleans()),
        "archived": draw(st.booleans()), "instructions": draw(ANY), "messages": messages,
        "shown": draw(st.sampled_from([None, *names])),
    }  # fmt: skip


def run(coroutine: Any) -> Any:
    """To its end, where nothing in it waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited")


async def at_once(work: Any, *arguments: Any) -> Any:
    return work(*arguments)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=files())
def test_a_file_is_refused_with_a_reason_or_stored_and_read_back_as_it_was(django_user_model, file):
    owner, _ = django_user_model.objects.get_or_create(username="ann")
    try:
        told = importing.read(orjson.dumps(file))
    except importing.BadFile:
        return
    Conversation.objects.filter(owner=owner).delete()
    assert run(importing.store(owner.pk, told, at_once)) == 1
    stored = Message.objects.filter(owner=owner).values_list("text", flat=True)
    assert sorted(stored) == sorted(message["text"] for message in file["messages"])
    assert Conversation.objects.get(owner=owner, deleted_at=None).instructions == file["instructions"]
