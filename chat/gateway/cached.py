"""The ring that answers what was asked before, word for word."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chat.gateway import metrics
from chat.gateway.answers import (
    Answer,
    Listening,
    Store,
    cacheable,
    is_paced,
    key_of,
    packed,
    told_again,
    unpacked,
)
from chat.gateway.events import Event, Usage
from chat.gateway.request import ChatRequest, Ring

REASON = "The same question was answered before."
DAY = 24 * 3600.0


class Cached:
    """`seconds` is how long an answer is kept; `shared` lets one party have another's answers. A request
    that is `fresh` is answered anew, and its answer is the one kept from then on."""

    def __init__(self, inner: Ring, store: Store, *, seconds: float = DAY, shared: bool = False) -> None:
        self._inner = inner
        self._store = store
        self._seconds = seconds
        self._shared = shared
        self._keeping: set[asyncio.Task[None]] = set()  # a task nobody holds may be collected

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        if not cacheable(request, self._shared):
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    yield event
            return
        key = f"answers:{key_of(request, self._shared)}"
        found = None if request.fresh else unpacked(await self._store.get(key))
        if found is not None:
            metrics.FROM_CACHE.labels("exact").inc()
            async with aclosing(told_again(found, "exact", REASON, paced=is_paced(request))) as events:
                async for event in events:
                    yield event
            return
        clock = asyncio.get_running_loop().time
        begun = clock()
        heard = Listening(request.messages[-1].text)
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                heard.hear(event)
                if heard.answer is not None:
                    self._keep(key, heard.answer, heard.usage, clock() - begun, request.party)
                yield event

    async def settled(self) -> None:
        """Until everything that was to be kept has been."""
        if self._keeping:
            await asyncio.wait(set(self._keeping))

    async def close(self) -> None:
        await self.settled()
        await self._store.close()

    def _keep(self, key: str, answer: Answer, usage: Usage, took: float, party: str) -> None:
        """Behind the user's back: nobody waits for the store."""
        keeping = asyncio.create_task(
            self._store.set(
                key,
                packed(answer),
                self._seconds,
                microusd=usage.cost_microusd,
                milliseconds=round(took * 1000),
                party=party,
            ),
            name="keep an answer",
        )
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
