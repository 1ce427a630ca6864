"""The whole gateway against fake providers, through its public doors."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import tomli_w

from chat.gateway import errors
from chat.gateway.events import Queued, Retry
from chat.gateway.gate import LEAST_OF_A_PARTY
from chat.gateway.keys import key_of
from chat.gateway.loading import CatalogueError
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway, build
from tests.chat.gateway.scripted import ask, kinds, listen, text_of
from tests.fakes import FakeProvider
from tests.fakes.catalogue import catalogue, write_catalogue
from tests.fakes.scenarios import ANSWER
from tests.fakes.words import answer_to

WHOLE = "".join(ANSWER)
TROUBLED = [
    "hang",
    "role-then-hang",
    "comments-only",
    "server-error",
    "unavailable",
    "rate-limited",
    "bad-key",
]
TROUBLED += ["refuse", "error-first"]
BROKEN = ["die-mid-stream", "no-terminator", "mid-stream-error", "garbage-line", "stall-mid-stream"]


@pytest.fixture
async def gateway(fake_provider: FakeProvider, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A fake twice: under its own name, and as the provider that is fallen back to."""
    fallback = {
        name: ["spare/prompted" if name == "chaos" else "spare/fast"] for name in fake_provider.scenarios
    }
    timeouts = {"first_token": 0.3, "idle": 0.3, "total": 20}
    tables = catalogue(fake_provider.url, fallback=fallback, timeouts=timeouts)
    spare = catalogue(fake_provider.url, ["fast", "chaos", "prompted"], provider="spare", timeouts=timeouts)
    path = tmp_path / "catalog.toml"
    path.write_text(tomli_w.dumps({kind: tables[kind] | spare[kind] for kind in tables}))
    gateway = build(environ={"GRUMP_CATALOG": str(path)})
    yield gateway
    await gateway.close()


async def test_it_answers(gateway: Gateway) -> None:
    events = await listen(gateway.stream(ask(model="mock/fast")))
    assert text_of(events) == WHOLE
    assert kinds(events).replace("t", "") == "SF"


@pytest.mark.parametrize("scenario", TROUBLED)
async def test_trouble_before_the_first_word_is_not_seen(gateway: Gateway, scenario: str) -> None:
    events = await listen(gateway.stream(ask(model=f"mock/{scenario}")))
    assert (text_of(events), events[0].model) == (WHOLE, "spare/fast")


@pytest.mark.parametrize("scenario", BROKEN)
async def test_trouble_after_it_is_a_seam(gateway: Gateway, scenario: str) -> None:
    events = await listen(gateway.stream(ask(model=f"mock/{scenario}")))
    assert text_of(events) == WHOLE
    assert [event.to for event in events if isinstance(event, Retry)] == ["spare/fast"]


@pytest.mark.parametrize("scenario", ["server-error", "refuse", "rate-limited"])
async def test_failing_over_takes_next_to_no_time(gateway: Gateway, scenario: str) -> None:
    await listen(gateway.stream(ask(model="mock/fast")))  # connections are open
    clock = asyncio.get_running_loop().time
    begun = clock()
    await anext(gateway.stream(ask(model=f"mock/{scenario}")))
    assert clock() - begun < 0.1


async def test_the_users_own_error_is_told_at_once(gateway: Gateway, fake_provider: FakeProvider) -> None:
    with pytest.raises(errors.BadRequest):
        await listen(gateway.stream(ask(model="mock/bad-request")))
    assert fake_provider.ledger.requests == 1


async def test_stopping_closes_the_upstream_connection(gateway: Gateway, fake_provider: FakeProvider) -> None:
    stream = gateway.stream(ask(model="mock/held"))
    await anext(stream)
    await anext(stream)
    await stream.aclose()
    await fake_provider.ledger.until(lambda books: not books.connections_open, within=0.2)


async def test_two_hundred_chaotic_turns_end_whole_and_leak_nothing(
    gateway: Gateway, fake_provider: FakeProvider
) -> None:
    async def turn(number: int) -> bool:
        prompt = f"question {number}"
        request = ChatRequest((ChatMessage("user", prompt),), model="mock/chaos")
        return text_of(await listen(gateway.stream(request))) == "".join(answer_to(prompt))

    for start in range(0, 200, 20):
        assert all(await asyncio.gather(*(turn(number) for number in range(start, start + 20))))
    await fake_provider.ledger.until(lambda books: not books.open)


async def test_auto_takes_the_cheapest_that_is_configured(
    fake_provider: FakeProvider, tmp_path: Path
) -> None:
    tables = catalogue(fake_provider.url, ["fast", "other"])
    tables["models"]["mock/other"]["price"]["output"] = 0.2
    path = tmp_path / "catalog.toml"
    path.write_text(tomli_w.dumps(tables))
    gateway = build(environ={"GRUMP_CATALOG": str(path)})
    started, *_ = await listen(gateway.stream(ask()))
    assert started.model == "mock/other"
    assert started.reason == "A short easy question: the cheapest simple model that is available."
    await gateway.close()


async def test_with_nothing_configured_it_says_so_and_asks_nobody() -> None:
    gateway = build(environ={})
    with pytest.raises(errors.ProviderUnavailable):
        await listen(gateway.stream(ask()))
    assert not any(entry.configured for entry in gateway.models())
    await gateway.close()


def test_models_are_listed_with_what_they_need() -> None:
    entries = {entry.model.name: entry for entry in build(environ={"OPENAI_API_KEY": "sk-1"}).models()}
    assert entries["openai/gpt-5.6-terra"].configured
    assert not entries["local/smollm2"].configured
    assert entries["local/smollm2"].provider.title == "This machine"


def test_ones_own_servers_need_no_key_and_may_have_one() -> None:
    for key in ({}, {"VLLM_API_KEY": "k"}):
        gateway = build(environ={"VLLM_BASE_URL": "http://127.0.0.1:1/v1", **key})
        configured = [entry.provider for entry in gateway.models() if entry.configured]
        assert [provider.name for provider in configured] == ["vllm"]
        assert key_of(configured[0], key) == key.get("VLLM_API_KEY", "")


def test_a_window_is_the_models_own_or_the_largest_that_is_configured() -> None:
    local = {"LOCAL_BASE_URL": "http://127.0.0.1:1/v1"}
    assert build(environ=local).window("local/smollm2") == 2048
    assert build(environ=local).window("auto") == 2048
    assert build(environ=local | {"GROQ_API_KEY": "k"}).window("auto") == 131072
    with pytest.raises(errors.UnknownModel):
        build(environ={}).window("local/none")


def test_a_stopped_answer_has_its_price() -> None:
    gateway = build(environ={})
    usage = gateway.usage_so_far(ask("four tokens or so"), "anthropic/claude-opus-5.5", "said " * 40)
    assert usage.estimated
    assert usage.output_tokens == 40
    assert usage.cost_microusd >= 20 * 40


def test_a_bad_catalogue_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text("[models.x]\n")
    with pytest.raises(CatalogueError, match=r"models\.x: provider is missing"):
        build(environ={"GRUMP_CATALOG": str(path)})


async def test_the_same_question_at_the_same_time_is_asked_once(
    gateway: Gateway, fake_provider: FakeProvider
) -> None:
    request = ask(model="mock/slow-first-token", party="me")
    first, second = await asyncio.gather(*(listen(gateway.stream(request)) for _ in range(2)))
    assert (text_of(first), text_of(second)) == (WHOLE, WHOLE)
    assert (first[0].cached, second[0].cached) == (None, "joined")
    assert len({stream.scenario for stream in fake_provider.ledger.streams}) == fake_provider.ledger.requests


async def test_a_providers_limit_is_kept_and_the_others_wait(
    fake_provider: FakeProvider, tmp_path: Path
) -> None:
    path = write_catalogue(tmp_path / "catalog.toml", fake_provider.url, ["held", "fast"], max_concurrency=1)
    gateway = build(environ={"GRUMP_CATALOG": str(path)})
    holder = gateway.stream(ask(model="mock/held"))
    await anext(holder)
    waiting = gateway.stream(ask(model="mock/fast"))
    assert await anext(waiting) == Queued(1)
    assert fake_provider.ledger.requests == 1
    await holder.aclose()
    assert text_of(await listen(waiting)) == WHOLE
    await gateway.close()


async def test_a_full_line_is_overloaded_unless_another_provider_can(
    fake_provider: FakeProvider, tmp_path: Path
) -> None:
    tables = catalogue(
        fake_provider.url, ["held", "fast"], fallback={"fast": ["spare/fast"]}, max_concurrency=1
    )
    spare = catalogue(fake_provider.url, ["fast"], provider="spare")
    path = tmp_path / "catalog.toml"
    path.write_text(tomli_w.dumps({kind: tables[kind] | spare[kind] for kind in tables}))
    gateway = build(environ={"GRUMP_CATALOG": str(path)})
    streams = [gateway.stream(ask(model="mock/held")) for _ in range(1 + LEAST_OF_A_PARTY)]
    for stream in streams:
        await anext(stream)
    assert (await listen(gateway.stream(ask(model="mock/fast"))))[0].model == "spare/fast"
    with pytest.raises(errors.Overloaded) as refused:
        await anext(gateway.stream(ask(model="mock/held")))
    assert refused.value.retry_after_s >= 1
    for stream in streams:
        await stream.aclose()
    await gateway.close()
