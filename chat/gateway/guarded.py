"""The ring around each provider: leave from its breakers, and clocks over what it does.

Four clocks: connecting (providers/http.py), the first meaningful event (clocks.py), silence between two of
them, and the whole attempt. Keep-alive comments, role-only and empty chunks are no events: they stop no
clock.
"""

import asyncio
from collections.abc import AsyncGenerator

from chat.gateway import metrics
from chat.gateway.breakers import Breakers
from chat.gateway.catalogue import Provider
from chat.gateway.clocks import first_token_clock, slow_after
from chat.gateway.errors import DeadlineExceeded, FirstTokenTimeout, GatewayError, IdleTimeout, Truncated
from chat.gateway.events import Event, Finished
from chat.gateway.recent import RecentTimes
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.watchdog import Expired, Watchdog
from grump.lib import tracing


class Guarded:
    def __init__(self, inner: Ring, provider: Provider, breakers: Breakers, recent: RecentTimes) -> None:
        self._inner = inner
        self._provider = provider
        self._breakers = breakers
        self._recent = recent

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        leave = await self._breakers.admit(self._provider.name, request.model)
        clock = asyncio.get_running_loop().time
        timeouts = self._provider.timeouts
        begun = clock()
        end = begun + timeouts.total
        if request.deadline is not None:
            end = min(end, request.deadline)
        due = min(begun + first_token_clock(timeouts.first_token, self._recent, request), end)
        answered = slow = False
        failure: GatewayError | None = None
        span = tracing.begin(f"chat {request.model}", "client", _asked(self._provider, request))
        running = metrics.RUNNING.labels(self._provider.name, request.model)
        running.inc()
        watchdog = Watchdog()
        inner = self._inner.stream(request)
        following = inner.__anext__
        try:
            while True:
                event = await watchdog.wait(following(), due)
                if not answered:
                    answered = True
                    waited = clock() - begun
                    slow = waited > slow_after(self._recent, request)
                    self._recent.note(request.model, waited)
                    span.set("grump.time_to_first_token_ms", round(waited * 1000, 1))
                yield event
                if event.__class__ is Finished:
                    _answered(span, event)
                    return
                now = clock()
                if now >= end:
                    raise Expired
                due = min(now + timeouts.idle, end)
        except StopAsyncIteration:
            failure = Truncated("The provider's answer broke off before its end.")
            raise failure from None
        except Expired:
            failure = _late(request, clock(), answered)
            if isinstance(failure, FirstTokenTimeout):
                self._recent.note_late(request.model)
            raise failure from None
        except GatewayError as error:
            failure = error
            raise
        finally:
            watchdog.close()
            running.dec()
            if failure is not None:
                span.fail(failure.code)
            span.end()
            await inner.aclose()
            await leave.report(failure, answered=answered, slow=slow)


def _asked(provider: Provider, request: ChatRequest) -> dict[str, tracing.Value]:
    """OpenTelemetry's names for generative AI; never a message's text."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider.name,
        "gen_ai.request.model": request.model,
        "gen_ai.request.stream": True,
    }


def _answered(span: tracing.Span, end: Finished) -> None:
    span.set("gen_ai.response.finish_reasons", [end.finish_reason])
    span.set("gen_ai.usage.input_tokens", end.usage.input_tokens)
    span.set("gen_ai.usage.output_tokens", end.usage.output_tokens)


def _late(request: ChatRequest, now: float, answered: bool) -> GatewayError:
    if request.deadline is not None and now >= request.deadline:
        return DeadlineExceeded("The answer took longer than is allowed.")
    if answered:
        return IdleTimeout("The provider fell silent in the middle of its answer.")
    return FirstTokenTimeout("The provider did not begin to answer in time.")
