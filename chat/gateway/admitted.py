"""The ring before each provider's guard: no more requests at once than the provider takes.

It stands outside the clocks and breakers: time in the line is nobody's slowness, and what was let in
meets the breaker as it is then. It stands inside the fallback, since limits are a provider's own, and a
line that is full is a reason to ask the next one.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chat.gateway import metrics
from chat.gateway.catalogue import Provider
from chat.gateway.errors import Overloaded
from chat.gateway.events import Event, Queued
from chat.gateway.gate import Gate, Ticket
from chat.gateway.request import ChatRequest, Ring

TOLD_EVERY = 1.0  # seconds between two looks at one's position


class Admitted:
    def __init__(self, inner: Ring, provider: Provider, gate: Gate | None = None) -> None:
        self._inner = inner
        self._provider = provider
        self._gate = gate or Gate(provider.max_concurrency)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        clock = asyncio.get_running_loop().time
        ticket = self._gate.enter(request.priority, request.party, clock)
        try:
            if ticket.granted_at is None:
                async with aclosing(self._waited(request, ticket)) as positions:
                    async for queued in positions:
                        yield queued
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    yield event
        finally:
            self._gate.leave(ticket, clock)

    async def _waited(self, request: ChatRequest, ticket: Ticket) -> AsyncGenerator[Queued, None]:
        """Until it is granted; raises Overloaded at the request's deadline."""
        clock = asyncio.get_running_loop().time
        waiting = metrics.WAITING.labels(self._provider.name, request.model)
        told = 0
        with waiting.track_inprogress():
            while ticket.granted_at is None:
                position = self._gate.position(ticket)
                if position != told:
                    told = position
                    yield Queued(position)
                within = TOLD_EVERY
                if request.deadline is not None:
                    within = min(within, request.deadline - clock())
                    if within <= 0:
                        raise Overloaded("No place became free in time.", retry_after_s=TOLD_EVERY)
                await ticket.turn(within)
