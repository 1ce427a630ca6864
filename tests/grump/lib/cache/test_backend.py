"""The tiers together, over a real Valkey and without one."""

import asyncio
import logging
import threading
import time

import pytest
from redis.exceptions import ResponseError

from grump.lib.breaker import Outcome, State
from grump.lib.cache import stored, watch
from grump.lib.cache.codec import Cost
from grump.lib.cache.metrics import HITS


def until(condition, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def both_listening(valkey, process):
    """Two caches whose watches hear; the test's own process may have one of its own."""

    def listening() -> int:
        return valkey.pubsub_numsub("tc1:changes")[0][1]

    before, caches = listening(), (process(), process())
    for cache in caches:
        cache.start()
    until(lambda: listening() >= before + 2)
    return caches


def test_a_valkey_that_lets_nobody_in_is_told_to_the_log_once(valkey, process, monkeypatch, caplog):
    one, tries = process(), []

    def refused(admission):
        tries.append(admission)
        one._tiers.watch._shared.breaker.end(admission, Outcome.ABANDONED)
        raise ResponseError("DENIED")

    one._tiers.watch.stop()
    monkeypatch.setattr(watch, "PAUSE", 0.001)
    monkeypatch.setattr(one._tiers.watch, "_listen", refused)
    with caplog.at_level(logging.INFO, logger=watch.__name__):
        one._tiers.watch.start()
        until(lambda: len(tries) > 5)
    told = [record for record in caplog.records if "are not heard" in record.getMessage()]
    assert [record.args for record in told] == [("ResponseError",)]


def test_counters_of_two_processes_are_one(valkey, process):
    one, other = process(), process()
    one.set("answer", 42, 60)
    assert other.get("answer") == 42
    assert other.incr("answer") == 43
    assert one.get("answer") == 43
    assert not one.add("answer", 1)
    assert one.decr("answer", 3) == 40
    assert one.delete("answer")
    assert other.get("answer", "none") == "none"
    with pytest.raises(ValueError, match="not found"):
        other.incr("answer")


def test_what_is_near_is_answered_without_valkey(valkey, process):
    one = process()
    before = HITS.labels("l1", "near")._value.get()
    one.set("near:a", {"x": (1, 2)}, 60)
    valkey.delete(*valkey.keys("tc1:near*"))
    assert one.get("near:a") == {"x": (1, 2)}
    assert HITS.labels("l1", "near")._value.get() == before + 1


def test_a_hit_further_away_comes_nearer(valkey, process):
    one = process()
    one.set("near:a", "v", 60)
    other = process()  # after the change: hearing of it would drop what was read
    assert other.get("near:a") == "v"
    valkey.delete(*valkey.keys("tc1:near*"))
    assert other.get("near:a") == "v"


def test_a_change_reaches_the_other_process(valkey, process):
    one, other = both_listening(valkey, process)
    one.set("near:a", 1, 60)
    assert other.get("near:a") == 1
    one.set("near:a", 2, 60)
    until(lambda: other.get("near:a") == 2)
    one.delete("near:a")
    until(lambda: other.get("near:a") is None)


def test_nineteen_of_twenty_changes_are_seen_within_fifty_milliseconds(valkey, process):
    one, other = both_listening(valkey, process)
    waits = []
    for number in range(100):
        one.set("near:a", number, 60)
        began = time.monotonic()
        until(lambda number=number: other.get("near:a") == number)
        waits.append(time.monotonic() - began)
    assert sorted(waits)[94] < 0.05


def test_a_lost_message_is_repaired_from_the_log(valkey, process):
    valkey.execute_command("ACL", "SETUSER", "default", "resetchannels")
    try:
        one, other = process(), process()
        one.set("near:a", 1, 60)
        assert other.get("near:a") == 1
        until(lambda: other._tiers.watch._identity is not None)
        other.get("near:a")
        one.set("near:a", 2, 60)
        until(lambda: other.get("near:a") == 2, 2)
    finally:
        valkey.execute_command("ACL", "SETUSER", "default", "allchannels")


def test_a_valkey_that_lost_its_memory_takes_the_trust_along(valkey, process):
    one = process()
    one.set("near:a", 1, 60)
    assert len(one._tiers.l1)
    valkey.flushall()
    until(lambda: not len(one._tiers.l1))


def test_without_valkey_every_operation_still_works(away):
    away.set("a", 1)
    assert away.get("a") == 1
    assert away.add("b", 2)
    assert not away.add("b", 3)
    assert away.incr("b") == 3
    assert away.touch("b", 10)
    assert away.get_many(["a", "b"]) == {"a": 1, "b": 3}
    assert away.delete("a")
    away.set("near:c", "here", 600)
    assert away.get("near:c") == "here"
    assert away.delete("near:c")
    assert away.get("near:c") is None


async def test_after_five_failures_nobody_asks_until_a_probe(away):
    for _ in range(6):
        assert await away.aget("near:x") is None
    assert away._tiers.shared.breaker.state is State.OPEN


def test_what_changed_during_an_outage_is_not_read_as_it_was(valkey, process):
    one = process()
    one.set("near:a", "old", 600)
    breaker = one._tiers.shared.breaker
    one._tiers.watch.stop()
    breaker._circuit.open_until = breaker._clock() + 3600
    one.set("near:a", "new", 600)
    one.delete("near:b")
    assert one.get("near:a") == "new"
    breaker._circuit.open_until = breaker._clock()
    one.start()
    until(lambda: breaker.state is State.CLOSED)
    assert process().get("near:a") is None


@pytest.mark.django_db
def test_the_database_answers_when_both_others_forgot(valkey, process):
    process().set("kept:a", [1, "zwei"], 600)
    valkey.flushall()
    assert process().get("kept:a") == [1, "zwei"]
    other = process()
    assert other.delete("kept:a")
    valkey.flushall()
    assert process().get("kept:a") is None


async def test_valkey_and_the_database_are_asked_at_once(valkey, process, monkeypatch):
    one, asked = process(), threading.Event()

    async def answers_when_the_database_was_asked(question):
        assert await asyncio.to_thread(asked.wait, 5)
        return [None]

    def read(full_key):
        asked.set()

    monkeypatch.setattr(stored, "read", read)
    monkeypatch.setattr(one._tiers, "aask", answers_when_the_database_was_asked)
    assert await one.aget("kept:a", "none") == "none"


@pytest.mark.django_db
def test_ended_rows_go_and_then_those_that_end_soonest():
    now = time.time()
    for number in range(5):
        stored.write(stored.Row(f"k{number}", "n", b"x", now + 100 + number))
    stored.write(stored.Row("gone", "n", b"x", now - 1))
    assert stored.prune(most=3) == 3
    assert [stored.read(f"k{number}") for number in range(5)] == [None, None, b"x", b"x", b"x"]


async def test_many_who_miss_at_once_make_it_once(valkey, process):
    one, other = process(), process()
    made = 0

    async def make() -> str:
        nonlocal made
        made += 1
        await asyncio.sleep(0.05)
        return "made"

    asked = [cache.aget_or_set("near:a", make, 60) for cache in (one, other) for _ in range(20)]
    assert set(await asyncio.gather(*asked)) == {"made"}
    assert made == 1
    for cache in (one, other):
        await cache.aclose_loop()


async def test_a_maker_that_fails_fails_for_all_and_the_next_one_tries_again(valkey, process):
    one = process()

    async def fail() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        await one.aget_or_set("near:a", fail, 60)
    assert await one.aget_or_set("near:a", lambda: "good", 60) == "good"
    await one.aclose_loop()


async def test_a_stale_value_is_served_while_a_new_one_is_made(valkey, process, monkeypatch):
    one = process()
    await one.aset("slow:a", "old", 60)
    later = time.time() + 61
    monkeypatch.setattr("grump.lib.cache.backend.time.time", lambda: later)
    renewed = asyncio.Event()

    async def make() -> str:
        renewed.set()
        return "new"

    assert await one.aget("slow:a") is None
    assert await one.aget_or_set("slow:a", make, 60) == "old"
    await asyncio.wait_for(renewed.wait(), 5)
    assert await one.aget_or_set("slow:a", "another", 60) in {"old", "new"}
    await one.aclose_loop()
    assert await one.aget("slow:a") == "new"
    await one.aclose_loop()


async def test_asynchronous_exact_keys_count_and_end(valkey, process):
    one = process()
    assert await one.aadd("n", 1, 60)
    assert not await one.aadd("n", 1, 60)
    assert await one.aincr("n", 4) == 5
    assert await one.atouch("n", 10)
    assert await one.adelete("n")
    assert not await one.atouch("n", 10)
    await one.aset("near:a", b"bytes", 60, cost=Cost(900, 1800))
    assert await one.aget("near:a") == b"bytes"
    await one.aclose_loop()


def test_a_counter_in_memory_is_refused(process):
    with pytest.raises(TypeError, match="exact"):
        process().incr("near:a")


@pytest.mark.django_db
def test_clearing_leaves_what_others_keep_in_the_same_valkey(valkey, process):
    one = process()
    valkey.set("live:x", "1")
    one.set("near:a", 1, 60)
    one.set("n", 1)
    one.clear()
    assert one.get("near:a") is None
    assert one.get("n") is None
    assert valkey.get("live:x") == b"1"


def test_logging_in_does_not_need_valkey(db, client, settings, tmp_path):
    settings.CACHES = {
        "default": {
            "BACKEND": "grump.lib.cache.backend.TieredCache",
            "LOCATION": f"unix://{tmp_path}/nobody.sock",
        }
    }
    response = client.post("/accounts/login/", {"login": "nobody", "password": "wrong"})
    assert response.status_code == 200
