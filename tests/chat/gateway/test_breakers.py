"""Breakers of several processes: what one found out the others go by."""

from contextlib import AsyncExitStack

from django.conf import settings

from chat.gateway.breakers import Breakers
from chat.gateway.errors import BreakerOpen, FirstTokenTimeout
from grump.lib.shared_breaker import SharedStore
from tests.waiting import until


async def test_a_process_that_never_asked_a_model_knows_that_it_rests(valkey):
    async with AsyncExitStack() as processes:
        here, there = SharedStore(settings.REDIS_URL), SharedStore(settings.REDIS_URL)
        for store in (here, there):
            store.start()
            processes.push_async_callback(store.close)
        asking, looking = Breakers(here), Breakers(there)
        for _ in range(100):
            try:
                leave = await asking.admit("a provider", "a model")
            except BreakerOpen:
                break
            await leave.report(FirstTokenTimeout(""), answered=False)
        assert list(asking.resting()) == ["a model"]
        await until(lambda: list(looking.resting()) == ["a model"])
