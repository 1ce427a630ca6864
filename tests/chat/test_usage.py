"""Quotas at the socket: a question holds what it may cost, its answer pays, and every tab is told."""

import uuid

import pytest
from asgiref.sync import sync_to_async

from chat.models import Conversation, Message
from tests.chat.sockets import Tab, a_user
from usage.models import Day, Entry, Hold, Membership, Plan
from usage.rebuilding import differences

pytestmark = [pytest.mark.usefixtures("house")]


async def limited(**limits):
    user = await a_user()
    plan = await Plan.objects.acreate(name=uuid.uuid4().hex[:8], title="Small", **limits)
    await Membership.objects.acreate(owner=user, plan=plan)
    return user, plan


async def the_ledger_is_right() -> bool:
    return not await sync_to_async(lambda: list(differences()))() and not await Hold.objects.aexists()


async def test_an_answer_is_paid_when_it_is_stored_and_every_tab_hears_what_is_left():
    user, plan = await limited(requests_per_day=5, tokens_per_day=100_000)
    async with Tab(user) as tab, Tab(user) as other:
        assert (await tab.hear_usage())["requests"] == {"used": 0, "limit": 5}
        await other.hear_usage()
        done = (await tab.hear_answer((await tab.ask())["generation_id"]))[-1]
        paid = done["usage"]["input_tokens"] + done["usage"]["output_tokens"]
        for each in (tab, other):
            news = await each.hear_usage()
            while news["tokens"]["used"] != paid:
                news = await each.hear_usage()
            assert (news["plan"], news["requests"]["used"]) == (plan.name, 1)
    entry = await Entry.objects.aget()
    assert (entry.tokens, entry.model, entry.source) == (paid, "mock/fast", "chat")
    assert await the_ledger_is_right()


async def test_beyond_the_limit_nothing_is_saved_and_the_answer_says_when_it_resets():
    user, _ = await limited(requests_per_day=1)
    async with Tab(user) as tab:
        await tab.hear_answer((await tab.ask())["generation_id"])
        await tab.say("chat.send", client_message_id="late", text="One more?", model="mock/fast")
        error = await tab.hear_until("chat.error")
        assert (error["code"], error["client_message_id"]) == ("quota_exceeded", "late")
        assert 0 < error["retry_after_s"] <= 24 * 3600
        await tab.say("ping")
        await tab.hear_until("pong")
    assert await Conversation.objects.acount() == 1
    assert await Message.objects.acount() == 2


async def test_the_same_message_again_is_answered_even_where_nothing_more_may_be_asked():
    user, _ = await limited(requests_per_day=1)
    async with Tab(user) as tab:
        first = await tab.ask(client_message_id="once")
        await tab.hear_answer(first["generation_id"])
        assert await tab.ask(client_message_id="once") == first
    assert (await Day.objects.aget()).requests == 1


async def test_who_failed_before_a_word_pays_nothing():
    user, _ = await limited(requests_per_day=1)
    async with Tab(user) as tab:
        frames = await tab.hear_answer((await tab.ask(model="mock/bad-request"))["generation_id"])
        assert frames[-1]["type"] == "chat.error"
        await tab.hear_answer((await tab.ask())["generation_id"])
    assert [entry.kind async for entry in Entry.objects.order_by("pk")] == ["released", "settled"]
    assert await the_ledger_is_right()


async def test_a_stopped_answer_pays_for_what_was_said():
    user, _ = await limited(requests_per_day=9)
    async with Tab(user) as tab:
        accepted = await tab.ask(model="mock/paced-50")
        await tab.hear_until("chat.delta")
        await tab.say("chat.stop", generation_id=accepted["generation_id"])
        await tab.hear_until("chat.done")
    entry = await Entry.objects.aget()
    assert entry.kind == "settled"
    assert 0 < entry.tokens < 200
    assert await the_ledger_is_right()


async def test_a_new_guest_of_a_used_up_address_is_told_to_sign_up_and_nothing_is_saved(house, settings):
    settings.GUESTS_PER_ADDRESS, settings.GRUMP_GUEST_PLAN = 1, "tiny"
    await Plan.objects.acreate(name="tiny", title="Tiny", requests_per_day=3)
    first = await a_user(is_guest=True)
    async with Tab(first) as tab:
        for _ in range(3):
            accepted = await tab.ask()
            await tab.hear_answer(accepted["generation_id"])
    async with Tab(await a_user(is_guest=True)) as tab:
        await tab.say("chat.send", client_message_id="1", text="Hello", model="mock/fast")
        refused = await tab.hear_until("chat.error")
        assert refused["code"] == "quota_exceeded"
        assert "account" in refused["message"]
    assert not await Message.objects.filter(client_message_id="1").aexists()
    async with Tab(await a_user()) as tab:  # of the same network, with an account
        await tab.ask()


async def test_auto_and_falling_back_stay_within_the_models_of_the_plan():
    user, _ = await limited(allowed_models=["mock/other"])
    async with Tab(user) as tab:
        frames = await tab.hear_answer((await tab.ask(model="auto"))["generation_id"])
        assert next(frame["model"] for frame in frames if frame["type"] == "chat.start") == "mock/other"
        await tab.say("chat.send", client_message_id="1", text="Hello", model="mock/fast")
        assert (await tab.hear_until("chat.error"))["code"] == "quota_exceeded"
    user, _ = await limited(allowed_tiers=["complex"])
    async with Tab(user) as tab:
        frames = await tab.hear_answer((await tab.ask(model="mock/fast"))["generation_id"])
        assert frames[-1]["code"] == "model_not_allowed"
    assert await the_ledger_is_right()


async def test_somebody_who_leaves_stops_nobody_elses_news(house):
    gone, stays = await a_user(), await a_user()
    number = gone.pk
    await sync_to_async(gone.delete)()
    async with Tab(stays) as tab:
        for _ in range(2):  # once more: the first time theirs may come first
            await tab.hear_usage()
            house.usage.touch(number)
            house.usage.touch(stays.pk)
        await tab.hear_usage()
