"""Programs ask what people ask: the same gateway, the same ledger, in OpenAI's words."""

import asyncio
import logging

import pytest

from tests.chat.api.v1.programs import HELLO, Program, a_key
from tests.chat.sockets import a_user
from tests.fakes import SCENARIOS
from usage.models import ApiKey, Day, Entry, Hold, Membership, Plan
from usage.models.api_key import Scope

pytestmark = pytest.mark.usefixtures("house")
ANSWER = SCENARIOS["fast"].text


async def limited(**limits):
    user = await a_user()
    plan = await Plan.objects.acreate(name=f"plan-{user.pk}", title="Test", **limits)
    await Membership.objects.acreate(owner=user, plan=plan)
    _, secret = await a_key(user)
    return user, Program(secret)


async def entries() -> list[Entry]:
    return [entry async for entry in Entry.objects.order_by("id")]


# --- Answers ------------------------------------------------------------------------------------


async def test_a_whole_answer(program):
    answer = await program.ask()
    assert answer.status == 200
    said = answer.json
    assert (said["object"], said["model"]) == ("chat.completion", "mock/fast")
    assert said["choices"][0]["message"] == {"role": "assistant", "content": ANSWER, "refusal": None}
    assert said["choices"][0]["finish_reason"] == "stop"
    assert (
        said["usage"]["total_tokens"] == said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"]
    )


async def test_a_stream_says_the_same_word_by_word(program):
    answer = await program.ask(stream=True, stream_options={"include_usage": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == ANSWER
    assert answer.body.endswith(b"data: [DONE]\n\n")
    first, *_, last = answer.chunks
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] > 0


async def test_what_was_decided_is_told(program):
    answer = await program.ask()
    assert answer.headers["x-grump-model"] == "mock/fast"
    assert answer.headers["x-grump-provider"] == "mock"
    assert answer.headers["x-grump-cached"] == "no"
    assert float(answer.headers["x-grump-cost-usd"]) == answer.json["usage"]["cost_usd"] > 0
    assert answer.headers["x-request-id"].startswith("req_")


async def test_it_is_paid_once_and_told_as_the_ledger_has_it(program, ann):
    answer = await program.ask()
    (entry,) = await entries()
    usage = answer.json["usage"]
    assert (entry.kind, entry.source, entry.requests) == ("settled", "api", 1)
    assert (entry.input_tokens, entry.output_tokens) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert entry.cost_microusd == round(usage["cost_usd"] * 1_000_000)
    assert not await Hold.objects.aexists()


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["", "nonsense", "sk-grump-" + "x" * 43, "sk-grump-" + "x" * 10_000])
async def test_nobody_without_a_key(secret):
    answer = await Program(secret).ask()
    assert (answer.status, answer.code) == (401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert not await entries()


async def test_a_session_is_no_key(ann):
    program = Program()
    answer = await program.post(
        "/v1/chat/completions", {"model": "auto", "messages": HELLO}, cookie="sessionid=x"
    )
    assert answer.status == 401


@pytest.mark.parametrize("change", [{"revoked_at": "2020-01-01T00:00Z"}, {"expires_at": "2020-01-01T00:00Z"}])
async def test_a_key_that_ended_opens_nothing(program, change):
    await ApiKey.objects.aupdate(**change)
    assert (await program.ask()).status == 401


async def test_a_key_does_only_what_it_was_made_for(ann):
    _, secret = await a_key(ann, scopes=[Scope.MODELS])
    answer = await Program(secret).ask()
    assert (answer.status, answer.code) == (403, "insufficient_scope")


async def test_the_key_of_somebody_suspended_opens_nothing(program, ann):
    ann.is_active = False
    await ann.asave()
    assert (await program.ask()).status == 401


# --- What is wrong is said, and changes nothing ----------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"model": "mock/none"}, 404, "model_not_found"),
        ({"messages": []}, 400, "missing_required_parameter"),
        ({"n": 2}, 400, "unsupported_value"),
        ({"nonsense": 1}, 400, "unsupported_parameter"),
        ({"temperature": 9}, 400, "invalid_value"),
    ],
)
async def test_a_wrong_request_is_refused_by_name_and_costs_nothing(program, fields, status, code):
    answer = await program.ask(**fields)
    assert (answer.status, answer.code) == (status, code)
    assert not [entry for entry in await entries() if entry.requests or entry.tokens]
    assert not await Hold.objects.aexists()


async def test_what_is_no_json_is_refused(program):
    answer = await program.post("/v1/chat/completions", b"{")
    assert (answer.status, answer.code) == (400, "invalid_json")


async def test_a_body_without_end_is_refused(program, settings):
    answer = await program.post("/v1/chat/completions", b" " * (settings.MAX_API_BODY_BYTES + 1))
    assert (answer.status, answer.code) == (413, "too_large")


async def test_a_picture_larger_than_a_form_is_read(program):
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 2_000_000}}
    answer = await program.ask(messages=[{"role": "user", "content": [{"type": "text", "text": "?"}, part]}])
    # The only model there is has no eyes: it was understood, and refused by name.
    assert (answer.status, answer.code) == (400, "invalid_value")
    assert answer.json["error"]["message"] == "No model that is available here can look at pictures."


async def test_an_unknown_address_and_a_wrong_method_are_refused_as_json(program):
    assert (await program.get("/v1/nonsense")).code == "not_found"
    assert (await program.get("/v1/chat/completions")).status == 405


# --- Limits -------------------------------------------------------------------------------------


async def test_what_is_left_is_told_with_every_answer():
    _, program = await limited(requests_per_day=10, tokens_per_day=100_000)
    answer = await program.ask()
    assert answer.headers["x-ratelimit-limit-requests"] == "10"
    assert answer.headers["x-ratelimit-remaining-requests"] == "9"
    assert answer.headers["x-ratelimit-limit-tokens"] == "100000"
    assert answer.headers["x-ratelimit-reset-requests"].endswith("s")


async def test_a_used_up_day_is_not_worth_another_try():
    _, program = await limited(requests_per_day=1)
    assert (await program.ask()).status == 200
    answer = await program.ask()
    assert (answer.status, answer.code) == (429, "insufficient_quota")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["x-should-retry"] == "false"


async def test_a_pace_is_worth_waiting_for():
    _, program = await limited(requests_per_minute=1)
    assert (await program.ask()).status == 200
    answer = await program.ask()
    assert (answer.status, answer.code) == (429, "rate_limit_exceeded")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_a_key_has_a_pace_of_its_own(ann):
    _, secret = await a_key(ann, requests_per_minute=1)
    assert (await Program(secret).ask()).status == 200
    assert (await Program(secret).ask()).code == "rate_limit_exceeded"


async def test_a_keys_own_limit_holds(ann):
    _, secret = await a_key(ann, requests_limit=2)
    answers = [await Program(secret).ask() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    key = await ApiKey.objects.aget()
    assert key.requests_used == 2
    assert key.cost_used_microusd == sum([entry.cost_microusd for entry in await entries()])


async def test_of_twenty_at_once_as_many_are_served_as_the_plan_has():
    user, program = await limited(requests_per_day=5)
    answers = await asyncio.gather(*(program.ask() for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [429] * 15
    day = await Day.objects.aget(owner=user)
    assert (day.requests, day.running, day.held_tokens) == (5, 0, 0)


# --- Failures ------------------------------------------------------------------------------------


async def test_what_failed_before_its_first_word_has_a_status_and_is_free(program):
    for stream in (False, True):
        answer = await program.ask("mock/server-error", stream=stream)
        assert answer.status >= 500
        assert answer.json["error"]["type"] == "server_error"
    assert [entry.kind for entry in await entries()] == ["released", "released"]


async def test_what_breaks_in_the_middle_says_so_in_the_stream_and_is_paid_as_far_as_it_came(program, mock):
    answer = await program.ask("mock/die-mid-stream", stream=True)
    assert answer.status == 200
    assert "error" in answer.chunks[-1]
    assert b"[DONE]" not in answer.body
    (entry,) = await entries()
    assert entry.kind == "settled"
    assert entry.output_tokens > 0


async def test_who_hangs_up_ends_it_upstream_too_and_pays_what_was_said(program, mock):
    fields = {"model": "mock/paced-50-long", "messages": HELLO, "stream": True}
    async with program.request("POST", "/v1/chat/completions", fields) as (answer, read):
        assert answer.status == 200
        await read(3)
    await mock.ledger.until(lambda ledger: not ledger.open, 5)
    await settled()
    (entry,) = await entries()
    assert entry.kind == "settled"
    assert 0 < entry.output_tokens < 200


async def test_who_hangs_up_before_the_first_word_pays_nothing(program, mock):
    fields = {"model": "mock/hang", "messages": HELLO}
    asking = asyncio.create_task(program.post("/v1/chat/completions", fields))
    await mock.ledger.until(lambda ledger: ledger.open, 5)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await mock.ledger.until(lambda ledger: not ledger.open, 5)
    await settled()
    assert [entry.kind for entry in await entries()] == ["released"]


async def settled() -> None:
    """Until no call is under way."""
    from chat.runtime import runtime

    if runtime().calls:
        await asyncio.wait(set(runtime().calls), timeout=20)


async def test_no_secret_and_no_text_is_logged(program, caplog):
    caplog.set_level(logging.DEBUG)
    await program.ask(messages=[{"role": "user", "content": "swordfish"}])
    await program.ask("mock/server-error")
    assert program.secret not in caplog.text
    assert "swordfish" not in caplog.text


# --- Once ----------------------------------------------------------------------------------------


async def once(program, name="a", body=None, **fields):
    body = {"model": "mock/fast", "messages": HELLO, **(body or {}), **fields}
    return await program.post("/v1/chat/completions", body, idempotency_key=name)


async def test_the_same_idempotency_key_is_answered_and_paid_once(program, mock):
    first = await once(program)
    second = await once(program)
    assert first.json == second.json
    assert second.headers["x-grump-replayed"] == "yes"
    assert len(await entries()) == 1
    assert len(mock.ledger.streams) == 1


async def test_a_stream_is_told_again_as_a_stream(program):
    await once(program, stream=True)
    again = await once(program, stream=True)
    assert again.text == ANSWER
    assert again.body.endswith(b"data: [DONE]\n\n")
    assert len(await entries()) == 1


async def test_for_another_request_the_name_is_refused(program):
    await once(program)
    answer = await once(program, temperature=0.1)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")


async def test_two_at_once_are_asked_once(program, mock):
    answers = await asyncio.gather(*(once(program, model="mock/paced-50") for _ in range(2)))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(mock.ledger.streams) == 1


async def test_who_hung_up_finds_the_answer_by_its_name(program, mock):
    fields = {"model": "mock/paced-50", "messages": HELLO, "stream": True}
    async with program.request("POST", "/v1/chat/completions", fields, idempotency_key="x") as (_, read):
        await read(1)
    await settled()
    again = await once(program, "x", model="mock/paced-50", stream=True)
    assert again.status == 200
    assert again.text == SCENARIOS["paced-50"].text
    assert len(await entries()) == 1


async def test_what_failed_may_be_tried_again_under_its_name(program):
    assert (await once(program, model="mock/server-error")).status >= 500
    assert (await once(program)).status == 200
