"""The socket: who may open one, what it takes, and that no frame can hurt it."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from chat import protocol
from chat.models import Conversation, Generation, Message
from grump.accounts.revocation import close_sockets
from tests.chat.sockets import Tab, a_user, seqs_of, text_of
from tests.fakes.scenarios import SCENARIOS
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("mock")

ANSWER = SCENARIOS["fast"].text


async def test_a_visitor_hears_who_they_are_first():
    user = await a_user("ann", first_name="Ann")
    tab = Tab(user)
    assert await tab.connect()
    ready = await tab.hear()
    assert ready["type"] == "ready"
    assert ready["user"] == {"id": user.pk, "name": "Ann", "guest": False}
    await tab.socket.disconnect()


async def test_a_socket_from_another_site_is_refused():
    tab = Tab(await a_user(), origin="https://evil.example")
    assert not await tab.connect()


async def test_a_socket_without_a_session_is_told_to_load_the_page_first():
    tab = Tab()
    assert await tab.connect()
    assert await tab.hear_close() == 4401


async def test_a_question_is_accepted_answered_and_stored_byte_for_byte():
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask("What is backpressure?")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert seqs_of(frames) == list(range(1, len(frames) + 1))
    assert [frames[0]["type"], frames[-1]["type"]] == ["chat.start", "chat.done"]
    assert frames[0]["model"] == "mock/fast"
    assert text_of(frames) == ANSWER
    answer = await Message.objects.select_related("generation").aget(role="assistant")
    assert answer.text == ANSWER
    assert answer.generation.state == Generation.State.COMPLETE
    assert str(answer.id) == frames[-1]["message_id"]
    usage = SCENARIOS["fast"].usage
    assert frames[-1]["usage"]["output_tokens"] == usage.completion_tokens
    assert not frames[-1]["usage"]["estimated"]
    assert frames[-1]["timing"]["first_token_ms"] <= frames[-1]["timing"]["total_ms"]


async def test_the_next_question_carries_the_conversation(mock):
    async with Tab(await a_user()) as tab:
        first = await tab.ask("One?")
        await tab.hear_answer(first["generation_id"])
        second = await tab.ask("Two?", conversation_id=first["conversation_id"])
        await tab.hear_answer(second["generation_id"])
    asked = mock.ledger.streams[-1].request["messages"]
    assert [message["content"] for message in asked] == ["One?", ANSWER, "Two?"]


async def test_the_same_message_sent_again_is_answered_with_the_first_acceptance(mock):
    async with Tab(await a_user()) as tab:
        first = await tab.ask("Once", client_message_id="c1")
        await tab.hear_answer(first["generation_id"])
        assert await tab.ask("Once", client_message_id="c1") == first
    assert len(mock.ledger.streams) == 1
    assert await Message.objects.acount() == 2


async def test_a_message_sent_twice_at_once_on_two_sockets_is_one_message(mock):
    user = await a_user()
    async with Tab(user) as one, Tab(user) as two:
        for tab in (one, two):
            await tab.say("chat.send", client_message_id="c1", text="Once", model="mock/fast")
        first, second = [await tab.hear_until("chat.accepted") for tab in (one, two)]
        assert first == second
        await one.hear_answer(first["generation_id"])
    assert len(mock.ledger.streams) == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("not json", "bad_frame"),
        ('{"type": "chat.sing"}', "bad_frame"),
        ('{"type": "chat.send", "client_message_id": "c", "text": ""}', "bad_frame"),
        ('{"type": "chat.send", "client_message_id": "c", "text": "a\\u0000b"}', "bad_frame"),
        ('{"type": "chat.send", "client_message_id": "c", "text": "\\ud800"}', "bad_frame"),
        ('{"type": "chat.send", "client_message_id": "c", "text": "%s"}' % ("x" * 1_000_000), "too_long"),
        ('{"type": "chat.send", "client_message_id": "c", "text": "%s"}' % ("x" * 200_000), "too_long"),
    ],
    ids=["not json", "unknown type", "empty", "nul", "surrogate", "a megabyte", "too long a text"],
)  # fmt: skip
async def test_a_bad_frame_gets_a_clear_error_and_the_socket_lives_on(raw, code):
    async with Tab(await a_user()) as tab:
        await tab.say_raw(raw)
        error = await tab.hear()
        assert (error["type"], error["code"]) == ("chat.error", code)
        assert error["message"]
        await tab.say("ping", id=1)
        assert await tab.hear() == {"type": "pong", "id": 1}
    assert await Message.objects.acount() == 0


async def test_a_binary_frame_is_a_bad_frame():
    async with Tab(await a_user()) as tab:
        await tab.socket.send_to(bytes_data=b"\x00\x01")
        assert (await tab.hear())["code"] == "bad_frame"


async def test_a_model_that_does_not_exist_is_an_error_of_that_answer_and_the_question_is_kept():
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(model="mock/no-such-model")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert frames[-1]["code"] == "not_found"
    assert await Message.objects.filter(role="user", text="Hello").aexists()


@pytest.mark.parametrize("kind", ["chat.stop", "chat.resume"])
async def test_somebody_elses_generation_looks_exactly_like_a_missing_one(kind):
    async with Tab(await a_user()) as hers, Tab(await a_user()) as his:
        accepted = await hers.ask(model="mock/paced-50-long")
        answers = []
        for generation_id in (accepted["generation_id"], str(uuid.uuid4())):
            await his.say(kind, generation_id=generation_id, id="q")
            answer = await his.hear()
            assert answer.pop("generation_id") == generation_id
            answers.append(answer)
        assert answers[0] == answers[1]
        assert answers[0]["code"] == "not_found"
        await hers.say("chat.stop", generation_id=accepted["generation_id"])
        await hers.hear_answer(accepted["generation_id"])


async def test_somebody_elses_conversation_and_message_look_like_missing_ones():
    async with Tab(await a_user()) as hers, Tab(await a_user()) as his:
        accepted = await hers.ask()
        done = (await hers.hear_answer(accepted["generation_id"]))[-1]
        for conversation_id in (accepted["conversation_id"], uuid.uuid4()):
            await his.say("chat.send", client_message_id="c", text="Hi", conversation_id=conversation_id)
            assert (await his.hear())["code"] == "not_found"
        for message_id in (done["message_id"], uuid.uuid4()):
            await his.say("chat.regenerate", message_id=message_id)
            assert (await his.hear())["code"] == "not_found"
    assert await Conversation.objects.acount() == 1


async def test_too_many_frames_are_refused_with_a_time_to_wait(monkeypatch):
    from chat import consumers
    from grump.lib.pace import Pace

    monkeypatch.setattr(consumers, "_pace", Pace(3, 60.0))
    async with Tab(await a_user()) as tab:
        for number in range(4):  # the fourth is told which one it was
            await tab.say("ping", id=number)
        frames = [await tab.hear() for _ in range(4)]
    assert [frame["type"] for frame in frames] == ["pong", "pong", "pong", "chat.error"]
    assert (frames[-1]["code"], frames[-1]["id"]) == ("rate_limited", 3)
    assert 0 < frames[-1]["retry_after_s"] <= 20


async def test_a_session_whose_rights_end_loses_its_sockets(house):
    user = await a_user()
    async with Tab(user) as one:
        await until(lambda: user.pk in house.live.ear.joined)
        await sync_to_async(close_sockets)(user.pk)
        assert await one.hear_close() == 4403


async def test_a_session_that_ended_unheard_is_found_by_the_recheck(monkeypatch):
    monkeypatch.setattr("chat.consumers.RECHECK_SECONDS", 0.01)
    user = await a_user()
    async with Tab(user) as tab:
        user.is_active = False
        await user.asave()
        assert await tab.hear_close() == 4403


async def test_one_frame_that_breaks_does_not_take_the_socket_down(monkeypatch):
    async def broken(*_):
        raise RuntimeError("the roof fell in")

    monkeypatch.setattr("chat.turn.ask", broken)
    async with Tab(await a_user()) as tab:
        await tab.say("chat.send", client_message_id="c", text="Hi", id=4)
        error = await tab.hear()
        assert (error["code"], error["client_message_id"], error["id"]) == ("internal", "c", 4)
        assert "roof" not in error["message"]
        await tab.say("ping")
        assert (await tab.hear())["type"] == "pong"


def test_every_frame_a_client_may_say_is_served():
    """`_serve` and the protocol's table cannot drift apart unseen."""
    from inspect import getsource

    from chat.consumers import ChatConsumer

    source = getsource(ChatConsumer._serve)
    assert all(f"protocol.{frame.__name__}()" in source for frame in protocol.CLIENT_FRAMES.values())
