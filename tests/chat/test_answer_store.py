"""The same question twice, through the product's own door: the second answer comes from the cache."""

import pytest
from asgiref.sync import sync_to_async

from chat.answer_store import AnswerStore
from chat.models import Generation
from chat.runtime import runtime
from grump.lib.cache.models import StoredEntry
from tests.chat.sockets import Tab, a_user, seqs_of, text_of
from tests.fakes.scenarios import SCENARIOS

pytestmark = pytest.mark.usefixtures("mock", "valkey", "kept")


@pytest.fixture
def kept(settings) -> None:
    settings.ANSWER_CACHE = True


async def ask(tab: Tab, text: str) -> list[dict]:
    accepted = await tab.ask(text)
    return await tab.hear_answer(accepted["generation_id"])


async def test_the_second_answer_is_the_first_one_for_nothing(mock):
    async with Tab(await a_user()) as tab:
        first = await ask(tab, "What is a semaphore?")
        second = await ask(tab, "What is a semaphore?")
    assert [frames[0]["cached"] for frames in (first, second)] == [None, "exact"]
    assert text_of(first) == text_of(second) == SCENARIOS["fast"].text
    assert seqs_of(second) == list(range(1, len(second) + 1))
    assert second[0]["reason"] == "The same question was answered before."
    assert second[-1]["usage"] == {"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0, "estimated": False}
    assert mock.ledger.requests == 1
    stored = await Generation.objects.order_by("created_at").alast()
    assert (stored.cached, stored.cost_microusd) == ("exact", 0)


async def test_another_person_has_no_part_in_it(mock):
    async with Tab(await a_user()) as mine, Tab(await a_user()) as theirs:
        await ask(mine, "What is a mutex?")
        assert (await ask(theirs, "What is a mutex?"))[0]["cached"] is None
    assert mock.ledger.requests == 2


async def test_asking_again_asks(mock):
    async with Tab(await a_user()) as tab:
        first = await ask(tab, "What is a futex?")
        await tab.say("chat.regenerate", message_id=first[-1]["message_id"], model="mock/fast")
        accepted = await tab.hear_until("chat.accepted")
        again = await tab.hear_answer(accepted["generation_id"])
    assert again[0]["cached"] is None
    assert mock.ledger.requests == 2


async def test_an_answer_is_read_back_as_it_was_kept():
    store = AnswerStore()
    await store.set("answers:k", {"text": "é", "list": [1, b"x"]}, 60, microusd=5, milliseconds=7)
    assert await store.get("answers:k") == {"text": "é", "list": [1, b"x"]}
    assert await store.get("answers:nobody") is None
    await store.close()


def left_of_answers(valkey) -> list[str]:
    """What is kept of anybody's questions, in Valkey and in the database."""
    kinds = ("answers", "semantic", "owned")
    names = [name.decode() for kind in kinds for name in valkey.keys(f"tc1:{kind}*")]
    return sorted(names) + [entry.key for entry in StoredEntry.objects.filter(namespace="answers")]


@pytest.mark.parametrize("shared", [False, True])
async def test_what_was_kept_of_somebody_goes_with_them_and_no_more(mock, valkey, settings, shared):
    settings.ANSWER_CACHE_SHARED = shared
    mine, theirs = await a_user(), await a_user()
    async with Tab(mine) as me, Tab(theirs) as them:
        await ask(me, "What is a semaphore?")
        await ask(them, "What is a futex?")
    store = runtime().gateway._cached
    await store.settled()
    await store._store._cache.aclose_loop()  # the database is written behind
    before = await sync_to_async(left_of_answers)(valkey)
    await sync_to_async(mine.delete)()
    after = await sync_to_async(left_of_answers)(valkey)
    assert len([name for name in before if "answers" in name]) == 2
    assert len([name for name in after if "answers" in name]) == 1
    assert f"tc1:owned:{mine.pk}" not in after
    assert f"tc1:owned:{theirs.pk}" in after
    assert len(after) == len(before) / 2
    async with Tab(theirs) as them:
        assert (await ask(them, "What is a futex?"))[0]["cached"] == "exact"
