"""Circuits shared through Valkey: known to all, probed by one, and nobody's wait while they are closed."""

import asyncio
import time

import pytest
from django.conf import settings

from grump.lib.breaker import Breaker, Outcome, Policy, State
from grump.lib.shared_breaker import PROBE, SharedStore, resting
from tests.waiting import until

POLICY = Policy(consecutive=3, pause=0.05, longest_pause=0.05)
PATIENT = Policy(consecutive=3, pause=30, longest_pause=60)
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def stores(valkey):
    started: list[SharedStore] = []

    def start(url: str = settings.REDIS_URL) -> SharedStore:
        store = SharedStore(url)
        store.start()
        started.append(store)
        return store

    yield start
    for store in started:
        await store.close()


async def fail(breaker: Breaker, times: int = 3) -> None:
    for _ in range(times):
        await breaker.record(Outcome.FAILURE, await breaker.admit())


async def test_what_one_process_opens_is_open_in_all(stores) -> None:
    here, there = (Breaker("p", stores(), PATIENT) for _ in range(2))
    await fail(here)
    await until(lambda: there.state is State.OPEN)
    refused = await there.admit()
    assert not refused.allowed
    assert 25 < refused.retry_after <= 30


async def test_one_that_starts_later_learns_of_it(stores) -> None:
    await fail(Breaker("p", stores(), PATIENT))
    late = Breaker("p", stores(), PATIENT)
    await until(lambda: late.state is State.OPEN)


async def test_over_all_processes_one_call_is_the_probe_and_its_success_closes_for_all(stores) -> None:
    breakers = [Breaker("p", stores(), POLICY) for _ in range(4)]
    await fail(breakers[0])
    await until(lambda: all(breaker.state is State.HALF_OPEN for breaker in breakers))
    answers = await asyncio.gather(*(breaker.admit() for breaker in breakers * 5))
    probes = [index for index, admission in enumerate(answers) if admission.allowed]
    assert len(probes) == 1
    await breakers[probes[0] % 4].record(Outcome.SUCCESS, answers[probes[0]])
    await until(lambda: all(breaker.state is State.CLOSED for breaker in breakers))


async def test_a_probe_that_is_abandoned_leaves_its_place_to_another(stores, valkey) -> None:
    here, there = (Breaker("p", stores(), POLICY) for _ in range(2))
    await fail(here)
    await until(lambda: here.state is there.state is State.HALF_OPEN)
    probe = await here.admit()
    assert probe.probe
    there_knows = await there.admit()
    assert not there_knows.allowed
    await here.record(Outcome.ABANDONED, probe)
    await until(lambda: valkey.get(PROBE + "p") is None)
    asked_again = time.monotonic() + there_knows.retry_after
    await until(lambda: time.monotonic() > asked_again)
    assert (await there.admit()).probe


async def test_without_valkey_a_process_goes_by_what_it_knows(stores) -> None:
    breaker = Breaker("p", stores(NOBODY), POLICY)
    await fail(breaker)
    assert breaker.state is State.OPEN
    await until(lambda: breaker.state is State.HALF_OPEN)
    probe = await breaker.admit()
    assert probe.probe
    assert not (await breaker.admit()).allowed
    await breaker.record(Outcome.SUCCESS, probe)
    assert breaker.state is State.CLOSED


async def test_what_opened_while_valkey_was_away_is_told_when_it_is_back(stores, valkey) -> None:
    unheard = SharedStore(settings.REDIS_URL)  # it has not started: the same as an outage
    await fail(Breaker("p", unheard, PATIENT))
    other = Breaker("p", stores(), PATIENT)
    await asyncio.sleep(0)
    assert other.state is State.CLOSED
    unheard.start()
    try:
        await until(lambda: other.state is State.OPEN)
    finally:
        await unheard.close()


async def test_a_closed_circuit_never_asks_valkey(stores, monkeypatch) -> None:
    store = stores()
    breaker = Breaker("p", store, POLICY)

    async def hangs(*_: object) -> bool:
        raise AssertionError("Valkey was asked")

    monkeypatch.setattr(store, "_may_probe", hangs)
    for _ in range(100):
        await breaker.record(Outcome.SUCCESS, await breaker.admit())


async def test_a_hanging_valkey_keeps_a_probe_for_its_short_clock_alone(stores) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = SharedStore(f"redis://127.0.0.1:{port}/0")
    store._away = False  # as it is until the outage has been noticed
    breaker = Breaker("p", store, POLICY)
    await fail(breaker)
    await until(lambda: breaker.state is State.HALF_OPEN)
    begun = time.monotonic()
    assert (await breaker.admit()).probe
    assert time.monotonic() - begun < 0.5
    await store.close()
    server.close()


async def test_who_rests_is_known_for_health(stores) -> None:
    store = stores()
    await fail(Breaker("groq", store, PATIENT))
    assert resting()["groq"] is State.OPEN
    await store.close()
    assert "groq" not in resting()
