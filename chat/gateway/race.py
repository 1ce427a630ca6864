"""Two streams, and whoever speaks first is listened to; the other is closed upstream."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from chat.gateway.errors import GatewayError
from chat.gateway.events import Event, Queued
from chat.gateway.routing import Candidate


class Runner:
    """A candidate's stream that is asked for its first event by a task of its own."""

    def __init__(self, candidate: Candidate, stream: AsyncGenerator[Event, None]) -> None:
        self.candidate = candidate
        self._stream = stream
        self._clock = asyncio.get_running_loop().time
        self._begun = self._clock()
        self.first = asyncio.create_task(_first_of(stream), name="first event")

    @property
    def waited(self) -> float:
        """Seconds since it was asked."""
        return self._clock() - self._begun

    @property
    def spoke(self) -> bool:
        """A place in a line is not speech."""
        return self.first.done() and not self.failure and self.first.result().__class__ is not Queued

    @property
    def failure(self) -> GatewayError | None:
        if not self.first.done() or self.first.cancelled():
            return None
        error = self.first.exception()
        return error if isinstance(error, GatewayError) else None

    async def events(self) -> AsyncGenerator[Event, None]:
        """All of them, or the error that came instead. Must be begun, or `give_up` be called."""
        async with aclosing(self._stream):
            yield await self.first
            async for event in self._stream:
                yield event

    async def give_up(self) -> None:
        self.first.cancel()
        await asyncio.wait([self.first])
        await self._stream.aclose()


async def _first_of(stream: AsyncGenerator[Event, None]) -> Event:
    return await anext(stream)


async def race(
    first: Runner, patience: float, second: Callable[[], Runner | None]
) -> tuple[Runner, Runner | None]:
    """Whoever is to be listened to, and the other one, closed, if it was asked. `second` is called once
    `first` has been silent for `patience` seconds. Where both fail, the last to fail is the winner."""
    running = [first]
    try:
        await asyncio.wait([first.first], timeout=patience)
        other = None if first.first.done() else second()
        if other is None:
            return first, None
        running.append(other)
        await asyncio.wait([first.first, other.first], return_when=asyncio.FIRST_COMPLETED)
        spoke = [runner for runner in running if runner.spoke]
        # Where nobody has spoken yet, the one that is done has failed.
        winner = spoke[0] if spoke else other if first.first.done() else first
        loser = other if winner is first else first
        await loser.give_up()
        return winner, loser
    except BaseException:
        for runner in running:
            await runner.give_up()
        raise
