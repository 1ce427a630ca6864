"""The ring around each provider: a breaker before it, and clocks over it.

Four clocks: connecting (providers/http.py), the first meaningful event, silence between two of them, and
the whole attempt. Keep-alive comments, role-only and empty chunks are no events, so they stop no clock.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chat.gateway import metrics
from chat.gateway.catalogue import Provider
from chat.gateway.errors import (
    BreakerOpen,
    ConnectFailed,
    ContentFiltered,
    ContextTooLong,
    DeadlineExceeded,
    FirstTokenTimeout,
    GarbledStream,
    GatewayError,
    IdleTimeout,
    ModelMissing,
    Truncated,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejectedKey,
)
from chat.gateway.events import Event, Finished
from chat.gateway.recent import RecentTimes
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.watchdog import Expired, Watchdog
from grump.lib.breaker import Breaker, Outcome, State

# What speaks against a provider's health, and what shows that it is alive. All else (the user's own
# error, a deadline, leaving early) says neither.
_SICK = (
    ConnectFailed,
    FirstTokenTimeout,
    IdleTimeout,
    Truncated,
    GarbledStream,
    UpstreamFailed,
    UpstreamRejectedKey,
)
_ALIVE = (UpstreamRateLimited, ModelMissing, ContextTooLong, ContentFiltered)
_GAUGE = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}


class Guarded:
    def __init__(self, inner: Ring, provider: Provider, breaker: Breaker, recent: RecentTimes) -> None:
        self._inner = inner
        self._provider = provider
        self._breaker = breaker
        self._recent = recent

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        admission = await self._breaker.admit()
        if not admission.allowed:
            raise BreakerOpen("The provider has been failing.", retry_after_s=admission.retry_after)
        self._show_breaker()
        outcome = Outcome.ABANDONED
        running = metrics.RUNNING.labels(self._provider.name, request.model)
        running.inc()
        try:
            async with aclosing(self._timed(request)) as events:
                async for event in events:
                    outcome = Outcome.SUCCESS  # it answers: who leaves now says nothing against it
                    yield event
        except _SICK:
            outcome = Outcome.FAILURE
            raise
        except _ALIVE:
            outcome = Outcome.SUCCESS
            raise
        finally:
            running.dec()
            await self._breaker.record(outcome, admission)
            self._show_breaker()

    async def _timed(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        clock = asyncio.get_running_loop().time
        timeouts = self._provider.timeouts
        begun = clock()
        end = begun + timeouts.total
        if request.deadline is not None:
            end = min(end, request.deadline)
        due = min(begun + timeouts.first_token, end)
        waiting_for_first = True
        watchdog = Watchdog()
        inner = self._inner.stream(request)
        following = inner.__anext__
        try:
            while True:
                event = await watchdog.wait(following(), due)
                if waiting_for_first:
                    waiting_for_first = False
                    self._recent.note(request.model, clock() - begun)
                yield event
                if event.__class__ is Finished:
                    return
                now = clock()
                if now >= end:
                    raise Expired
                due = min(now + timeouts.idle, end)
        except StopAsyncIteration:
            raise Truncated("The provider's answer broke off before its end.") from None
        except Expired:
            raise self._late(request, clock(), waiting_for_first) from None
        finally:
            watchdog.close()
            await inner.aclose()

    def _late(self, request: ChatRequest, now: float, waiting_for_first: bool) -> GatewayError:
        if request.deadline is not None and now >= request.deadline:
            return DeadlineExceeded("The answer took longer than is allowed.")
        if waiting_for_first:
            return FirstTokenTimeout("The provider did not begin to answer in time.")
        return IdleTimeout("The provider fell silent in the middle of its answer.")

    def _show_breaker(self) -> None:
        metrics.BREAKER_STATE.labels(self._breaker.name).set(_GAUGE[self._breaker.state])
