"""A process's housekeeping; what it does to answers is tested with the reaper and the live streams."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from chat.keeper import Keeper
from chat.live import Live
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("database")


async def test_how_many_tasks_there_are_is_told(settings):
    settings.HEARTBEAT_SECONDS = 0.01
    live = Live(settings.REDIS_URL, "p")
    keeper = Keeper(live)
    keeper.start()
    try:
        await until(
            lambda: REGISTRY.get_sample_value("grump_event_loop_tasks") == len(asyncio.all_tasks()) >= 2
        )
    finally:
        await keeper.close()
        await live.close()
