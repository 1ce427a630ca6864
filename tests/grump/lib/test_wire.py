"""One connection for all of a loop's questions: each gets its own answer, whatever happens to the others."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.conf import settings
from redis.exceptions import BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TookTooLong

from grump.lib.wire import Wire, refusal
from tests.integration.own_valkey import OwnValkey
from tests.waiting import until

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
async def wire(valkey) -> AsyncIterator[Any]:
    wire: Any = Wire(settings.REDIS_URL, 5.0)
    yield wire
    await wire.aclose()


@pytest.fixture
def own_valkey(tmp_path) -> Iterator[OwnValkey]:
    own = OwnValkey(tmp_path)
    yield own
    own.kill()


async def test_many_who_ask_at_once_get_their_own_answers_over_one_connection(wire: Any, valkey) -> None:
    before = valkey.info("stats")["total_connections_received"]
    await asyncio.gather(*(wire.set(f"k{number}", number) for number in range(200)))
    found = await asyncio.gather(*(wire.get(f"k{number}") for number in range(200)))
    assert found == [b"%d" % number for number in range(200)]
    assert valkey.info("stats")["total_connections_received"] == before + 1


async def test_commands_of_a_pipeline_go_out_together_and_are_answered_in_order(wire: Any) -> None:
    async with wire.pipeline() as pipe:
        pipe.set("a", "1")
        pipe.get("a")
        pipe.unlink("a", "b")
        pipe.get("a")
        assert await pipe.execute() == [True, b"1", 1, None]
        assert await pipe.execute() == []  # they have gone


async def test_answers_are_read_as_redis_py_reads_them(valkey) -> None:
    wire: Any = Wire(settings.REDIS_URL, 5.0, decode=True)
    first = await wire.xadd("stream", {"s": 1, "f": "grün"})
    assert await wire.xrange("stream") == [(first, {"s": "1", "f": "grün"})]
    assert await wire.set("k", "new", nx=True, get=True, px=1000) is None
    assert await wire.set("k", "newer", nx=True, get=True, px=1000) == "new"
    await wire.aclose()


async def test_a_refusal_is_its_own_commands_alone(wire: Any) -> None:
    await wire.set("text", "no number")
    async with wire.pipeline() as pipe:
        pipe.incrby("text", 1)
        pipe.get("text")
        refused, stands = await pipe.execute(raise_on_error=False)
    assert isinstance(refused, ResponseError)
    assert stands == b"no number"
    with pytest.raises(ResponseError):
        await wire.incrby("text", 1)
    assert await wire.get("text") == b"no number"


def test_who_still_loads_is_away_and_who_refuses_is_there() -> None:
    assert isinstance(refusal("LOADING Valkey is loading the dataset in memory"), BusyLoadingError)
    assert isinstance(refusal("WRONGTYPE Operation against a key"), ResponseError)


async def test_who_is_cancelled_leaves_the_others_answers_in_their_places(wire: Any) -> None:
    await asyncio.gather(*(wire.set(f"k{number}", number) for number in range(50)))
    asked = [asyncio.create_task(wire.get(f"k{number}")) for number in range(50)]
    await asyncio.sleep(0)  # all of them have been written
    for task in asked[::2]:
        task.cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers[1::2] == [b"%d" % number for number in range(1, 50, 2)]
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])


async def test_a_valkey_that_hangs_is_given_up_and_asked_anew_once_it_is_back(own_valkey) -> None:
    wire: Any = Wire(own_valkey.url, 0.2)
    await wire.set("k", "kept")
    own_valkey.hang()
    begun = time.monotonic()
    answers = await asyncio.gather(*(wire.get("k") for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TookTooLong] * 3
    assert time.monotonic() - begun < 2
    own_valkey.kill()
    own_valkey.start()
    await wire.set("k", "again")
    assert await wire.get("k") == b"again"
    await wire.aclose()


async def test_a_hanging_connection_is_given_up_even_where_nobody_waited_so_long(own_valkey) -> None:
    wire: Any = Wire(own_valkey.url, 0.2)
    await wire.set("k", "kept")
    own_valkey.hang()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wire.get("k")
    line = wire._line
    assert line is not None
    await until(lambda: line.lost)
    await wire.aclose()


async def test_an_answer_that_came_while_this_loop_was_held_up_is_no_timeout(valkey) -> None:
    wire: Any = Wire(settings.REDIS_URL, 0.05)
    await wire.set("k", "there")
    asked = asyncio.create_task(wire.get("k"))
    await asyncio.sleep(0)
    until_late = time.monotonic() + 0.2
    while time.monotonic() < until_late:  # the loop is held up on purpose
        pass
    assert await asked == b"there"
    await wire.aclose()


async def test_a_valkey_that_dies_is_told_at_once_to_all_who_wait(own_valkey) -> None:
    wire: Any = Wire(own_valkey.url, 30.0)
    await wire.set("k", "kept")
    own_valkey.hang()
    asked = [asyncio.create_task(wire.get("k")) for _ in range(3)]
    await asyncio.sleep(0)
    own_valkey.kill()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionLost] * 3
    await wire.aclose()


async def test_where_nobody_listens_every_asker_is_told_so() -> None:
    wire: Any = Wire(NOBODY, 1.0)
    answers = await asyncio.gather(*(wire.get("k") for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionLost] * 3
    await wire.aclose()


async def test_what_came_of_a_connection_that_nobody_waited_for_is_not_the_next_ones(own_valkey) -> None:
    own_valkey.kill()
    wire: Any = Wire(own_valkey.url, 5.0)
    impatient = asyncio.create_task(wire.get("k"))
    await until(lambda: wire._connecting is not None)
    impatient.cancel()
    await until(lambda: wire._connecting.done())
    own_valkey.start()
    assert await wire.get("k") is None
    await wire.aclose()


async def test_closing_tells_who_waits_and_leaves_no_connection(wire: Any, valkey) -> None:
    await wire.get("k")
    connected = valkey.info("clients")["connected_clients"]
    await wire.aclose()
    assert valkey.info("clients")["connected_clients"] == connected - 1
    await wire.aclose()  # twice is once
