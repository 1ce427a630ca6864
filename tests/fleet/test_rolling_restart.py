"""A deploy while people are being answered: every process is replaced, and none of them notices."""

import asyncio

from tests.fleet.conftest import STEADY
from tests.fleet.tabs import MovingTab, troubles
from tests.grump.local.stand_ins import until
from tests.integration.processes import Fleet
from tests.integration.tab import a_guest

STREAMS = 30
# At once: two web processes and a successor; beat; a worker with its pool of two, before and after.
MOST_PROCESSES = 3 + 2 + 6


async def test_every_answer_outlives_a_rolling_restart_byte_for_byte(fleet):
    guests = await asyncio.to_thread(lambda: [a_guest(fleet) for _ in range(STREAMS)])
    tabs = [MovingTab(fleet, guest) for guest in guests]
    before = {name: child.pid for name, child in fleet.children().items()}
    async with asyncio.TaskGroup() as group:
        for tab in tabs:
            group.create_task(tab.ask_and_hear("mock/steady"))
        await until(lambda: all(len(tab.heard) > 5 for tab in tabs), 30)
        fleet.restart()
    assert troubles(tabs) == {}
    assert {tab.text for tab in tabs} == {STEADY.text}
    assert sum(tab.moved_in_mid_answer for tab in tabs) > 0
    await asyncio.to_thread(fleet.until, fleet.restarted, 60)
    # Whoever had stayed on a process that has gone was told to move.
    async with asyncio.timeout(60):
        await asyncio.gather(*(tab.stay() for tab in tabs if tab.moves == 0))
    for tab in tabs:
        await tab.close()
    after = {name: child.pid for name, child in fleet.children().items()}
    assert not set(before.values()) & set(after.values())
    assert after.keys() == before.keys()
    # Two processes answered, four were asked to leave: the scrape of whichever answers counts all of it once.
    told = await asyncio.to_thread(figures, fleet)
    model = '{model="mock/steady",provider="mock"}'
    assert told[f"grump_request_success_total{model}"] == STREAMS
    assert told[f"grump_time_to_first_token_seconds_count{model}"] == STREAMS
    assert told.get(f"grump_num_requests_running{model}", 0) == 0  # who told of it has gone
    assert told["grump_open_sockets"] == 0
    assert (
        told['grump_task_duration_seconds_count{state="success",task="chat.warm_cache"}'] > 0
    )  # by a worker
    slots = {path.stem for path in (fleet.var / "metrics").glob("*.lock")}
    assert len(slots) <= MOST_PROCESSES


def figures(fleet: Fleet) -> dict[str, float]:
    lines = fleet.metrics().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }
