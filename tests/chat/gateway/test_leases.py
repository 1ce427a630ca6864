"""Places that processes share: never more inside than there are, nobody starves, nobody waits for Valkey."""

import asyncio
import sys

import pytest
from django.conf import settings

from chat.gateway.gate import Gate
from chat.gateway.leases import KEY, Leases
from tests.waiting import until

NOBODY = "redis://127.0.0.1:1/0"


class Process:
    """A gate with leases of its own, as a process has."""

    def __init__(self, url: str, most: int, **options) -> None:
        self.leases = Leases(url, **options)
        self.places = self.leases.places("p", most)
        self.gate = Gate(most, self.places)

    def enter(self, party: str = "a"):
        return self.gate.enter("interactive", party, self.clock)

    def leave(self, ticket) -> None:
        self.gate.leave(ticket, self.clock)

    @property
    def clock(self):
        return asyncio.get_running_loop().time

    async def enters(self, times: int = 1) -> list:
        tickets = [self.enter() for _ in range(times)]
        await until(lambda: all(ticket.granted_at is not None for ticket in tickets))
        return tickets


@pytest.fixture
async def processes(valkey):
    started: list[Process] = []

    async def start(most: int = 4, url: str = settings.REDIS_URL, **options) -> Process:
        process = Process(url, most, **options)
        process.leases.start()
        started.append(process)
        await until(lambda: process.places.usable or process.leases._away)
        return process

    yield start
    for process in started:
        await process.leases.close()


async def test_a_place_is_ready_before_anybody_asks(processes) -> None:
    process = await processes()
    assert process.enter().granted_at is not None


async def test_what_one_process_took_the_other_does_not_have(processes) -> None:
    one = await processes()
    tickets = await one.enters(4)
    other = Process(settings.REDIS_URL, 4)
    other.leases.start()
    waiting = other.enter()
    await waiting.turn(0.2)
    assert waiting.granted_at is None
    one.leave(tickets[0])
    await waiting.turn(5)
    assert waiting.granted_at is not None
    await other.leases.close()


async def test_what_an_idle_process_keeps_ready_goes_to_who_needs_it(processes) -> None:
    await processes(4)
    busy = await processes(4, renewed=0.05)
    await busy.enters(3)  # one is kept by the idle one, which has a minute's rest
    assert await asyncio.wait_for(busy.enters(1), 5)


async def test_a_process_that_closes_gives_its_places_back(processes) -> None:
    one = await processes()
    await one.enters(4)
    await one.leases.close()
    other = await processes()
    assert len(await other.enters(4)) == 4


async def test_what_a_dead_process_held_comes_back_when_its_lease_ends(processes) -> None:
    dead = await processes(lasts=0.3)
    await dead.enters(4)
    dead.leases._task.cancel()  # it says nothing more
    other = Process(settings.REDIS_URL, 4)
    other.leases.start()
    assert len(await other.enters(4)) == 4
    await other.leases.close()


async def test_without_valkey_a_process_has_all_of_its_own(processes) -> None:
    process = await processes(url=NOBODY)
    assert len(await process.enters(4)) == 4
    assert process.enter().granted_at is None


async def test_while_valkey_is_away_each_has_its_share(processes) -> None:
    one, other = await processes(4), await processes(4)
    await until(lambda: one.places._share == other.places._share == 2)
    for process in (one, other):
        process.places.alone()
        assert len(await process.enters(2)) == 2


async def test_taking_never_waits_for_the_network(processes) -> None:
    """A Valkey that accepts and says nothing costs the start a moment, and no call anything after it."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    process = await processes(url=f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    for _ in range(3):
        ticket = process.enter()
        assert ticket.granted_at is not None
        process.leave(ticket)
    server.close()


async def test_three_real_processes_are_never_more_inside_than_there_are_places(valkey) -> None:
    most, calls = 5, 150
    command = [sys.executable, "-m", "tests.chat.gateway.admission_process", settings.REDIS_URL]
    running = [
        await asyncio.create_subprocess_exec(*command, str(most), str(calls), cwd=settings.BASE_DIR)
        for _ in range(3)
    ]
    async with asyncio.timeout(60):
        assert [await process.wait() for process in running] == [0, 0, 0]
    assert int(valkey.get("test:done")) == 3 * calls
    assert int(valkey.get("test:inside")) == 0
    assert 1 < int(valkey.get("test:peak")) <= most
    assert valkey.hgetall(KEY + "p") == {}
