"""The ring over a provider's servers: the least loaded one is asked, and the next where it is not there."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from chat.gateway.errors import ConnectFailed
from chat.gateway.events import Event
from chat.gateway.replicas import Replicas
from chat.gateway.request import ChatRequest, Ring


class Spread:
    """`doors`: one ring an address."""

    def __init__(self, replicas: Replicas, doors: Mapping[str, Ring]) -> None:
        self._replicas = replicas
        self._doors = doors

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        untried = self._replicas.in_order()
        while True:
            replica = untried.pop(0)
            replica.ours += 1
            replica.asked += 1
            try:
                async with aclosing(self._doors[replica.address].stream(request)) as events:
                    async for event in events:
                        yield event
                return
            except ConnectFailed:
                # Nothing was sent, so nothing can be done twice; any other failure is for the rings outside.
                self._replicas.note_away(replica)
                if not untried:
                    raise
            finally:
                replica.ours -= 1
