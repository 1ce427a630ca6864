"""What is asked again and again is made anew before it ends, and nothing else is."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.utils import timezone

from chat import warming
from chat.models import Generation
from chat.runtime import gateway
from chat.starters import STARTERS
from chat.warming import Warmed, due, warm
from tests.chat.sockets import Tab, a_user
from tests.fakes import write_catalogue

pytestmark = pytest.mark.usefixtures("mock", "kept")

QUESTION = "What is a rendezvous?"


@pytest.fixture
def kept(settings) -> None:
    settings.ANSWER_CACHE = True
    settings.SEMANTIC_CACHE = False


async def ask(times: int, text: str = QUESTION) -> None:
    async with Tab(await a_user()) as tab:
        for _ in range(times):
            accepted = await tab.ask(text)
            await tab.hear_answer(accepted["generation_id"])
    await gateway()._cached.settled()


async def grow_old(share: float, settings) -> None:
    """As if that much of the answers' time had passed."""
    then = timezone.now() - timedelta(seconds=settings.ANSWER_CACHE_SECONDS * share)
    await Generation.objects.aupdate(created_at=then)


@pytest.mark.parametrize(("times", "age", "count"), [(3, 0.8, 1), (2, 0.8, 0), (3, 0.5, 0), (3, 1.1, 0)])
async def test_due_is_what_was_asked_often_and_ends_soon(times, age, count, settings) -> None:
    await ask(times)
    await grow_old(age, settings)
    assert len(await sync_to_async(due)()) == count


async def test_it_is_asked_in_the_background_and_the_new_answer_is_kept(mock, settings) -> None:
    await ask(3, "What is a rendezvous point?")
    await grow_old(0.8, settings)
    assert mock.ledger.requests == 1
    warmed = await warm()
    assert (warmed.questions, mock.ledger.requests) == (1, 2)
    assert warmed.microusd > 0
    asked = mock.ledger.streams[-1]
    assert (asked.prompt, asked.scenario) == ("What is a rendezvous point?", "fast")


async def test_the_money_ends_it(mock, settings, monkeypatch) -> None:
    await ask(3)
    await ask(3, "What is a trampoline?")
    await grow_old(0.8, settings)
    monkeypatch.setattr(warming, "MOST_MICROUSD", 1)
    assert (await warm()).questions == 1


async def test_a_provider_that_fails_costs_nothing(mock, settings) -> None:
    await ask(3)
    await grow_old(0.8, settings)
    await Generation.objects.aupdate(requested_model="mock/refuse")
    assert await warm() == Warmed(0, 0)


async def test_without_the_cache_there_is_nothing_to_warm(settings) -> None:
    settings.ANSWER_CACHE = False
    assert await warm() == Warmed(0, 0)


async def test_what_everybody_is_offered_is_made_once_where_answers_are_shared(
    mock, settings, tmp_path
) -> None:
    settings.ANSWER_CACHE_SHARED = True
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "one.toml", mock.url, ["fast"]))
    assert (await warm()).questions == len(STARTERS)
    assert mock.ledger.requests == len(STARTERS)
    assert (await warm()).questions == 0
    assert mock.ledger.requests == len(STARTERS)


async def test_nobody_is_given_what_was_made_for_everybody_where_answers_are_not_shared(
    mock, settings
) -> None:
    assert (await warm()).questions == 0
    assert mock.ledger.requests == 0


def test_the_command_says_what_it_did(capsys) -> None:
    call_command("warm_cache")
    assert capsys.readouterr().out == "0 answers made anew for 0.0000 USD.\n"
