"""One call of the API under way: a task that reads the gateway's events, and pays whatever becomes of it.

The task is apart from the response, so that no way a connection can end leaves something held: the response
takes events from `heard`, and whoever closes it calls `leave`.
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from django.db import DatabaseError

from chat.api.v1 import admission
from chat.api.v1.admission import Admitted
from chat.api.v1.errors import INTERNAL
from chat.api.v1.shapes import Whole
from chat.gateway import events
from chat.gateway.errors import GatewayError
from chat.gateway.request import ChatRequest
from chat.runtime import Runtime
from grump.lib.database import insistently
from usage.quota import Spent

logger = logging.getLogger(__name__)

# Events that a reader may be behind before the stream waits for it: a gathered event is up to 16 KiB.
MOST_UNREAD = 256


@dataclass(frozen=True, slots=True)
class Failed:
    """The last thing heard of a call that did not come to its end."""

    error: GatewayError


Heard = events.Event | Failed


class Call:
    """`Call(…)` has begun. `heard` ends with a Finished or a Failed, always."""

    def __init__(self, runtime: Runtime, request: ChatRequest, admitted: Admitted) -> None:
        self.id = f"chatcmpl-{admitted.id.hex}"
        self.created = int(time.time())
        self.admitted = admitted
        self.start: events.Started | None = None
        self._runtime = runtime
        self._request = request
        self._whole = Whole(self.id, self.created, request.model)
        self._usage: events.Usage | None = None
        self._unread: asyncio.Queue[Heard] = asyncio.Queue(MOST_UNREAD)
        self._loop = asyncio.get_running_loop()
        self._left = False
        runtime.usage.touch(admitted.key.owner_id)
        self._task = asyncio.create_task(self._run(), name="api call")
        runtime.calls.add(self._task)
        self._task.add_done_callback(runtime.calls.discard)

    async def hear(self) -> Heard:
        return await self._unread.get()

    def leave(self) -> None:
        """Nobody listens any more. What has an Idempotency-Key goes on, to be there when it is asked again;
        anything else ends now, upstream as well. May be called from any thread, and after the end."""
        self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._left = True
        while not self._unread.empty():  # who waits for room need not
            self._unread.get_nowait()
        if self.admitted.call is None:
            self._task.cancel()

    async def _run(self) -> None:
        last: Heard = Failed(GatewayError(INTERNAL))
        try:
            last = await self._listen()
        except GatewayError as error:
            last = Failed(error)
        except asyncio.CancelledError:
            pass
        except Exception:
            logger.exception("A call of the API failed")
        finally:
            # Paid for before its end is told, and whatever happens to this task meanwhile.
            await asyncio.shield(asyncio.create_task(self._end(last), name="end of an api call"))

    async def _listen(self) -> events.Finished:
        stream = self._runtime.gateway.stream(self._request)
        try:
            async for event in stream:
                match event:
                    case events.Started():
                        self.start = event
                        self._whole.model = event.model
                    case events.Finished():
                        return event
                self._whole.take(event)
                if not self._left:
                    await self._unread.put(event)
        finally:
            await stream.aclose()
        raise GatewayError(INTERNAL)

    async def _end(self, last: Heard) -> None:
        try:
            if isinstance(last, events.Finished):
                answer = {"completion": self._whole.completion(last), "headers": self.headers(last.usage)}
                await insistently(admission.settle, self.admitted, self._spent(last.usage), answer)
            elif self.start is not None and self._whole.written and not self.start.cached:
                model = self._whole.model
                usage = self._runtime.gateway.usage_so_far(self._request, model, self._whole.written)
                await insistently(admission.settle, self.admitted, self._spent(usage))
            else:
                await insistently(admission.release, self.admitted)
        except DatabaseError:
            # What is held is given back when it expires; nobody is told an answer that was not paid for.
            logger.exception("A call of the API could not be stored")
            last = Failed(GatewayError(INTERNAL))
        finally:
            self._runtime.usage.touch(self.admitted.key.owner_id)
            if not self._left:
                await self._unread.put(last)

    def _spent(self, usage: events.Usage) -> Spent:
        start = self.start
        model = self._runtime.gateway.catalogue.models.get(self._whole.model)
        return Spent(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_microusd=usage.cost_microusd,
            provider=model.provider if model else "",
            model=self._whole.model,
            cached=(start.cached or "") if start else "",
            house_microusd=usage.cost_microusd + usage.extra_microusd,
        )

    def completion(self, end: events.Finished) -> dict[str, object]:
        return self._whole.completion(end)

    def headers(self, usage: events.Usage | None = None) -> dict[str, str]:
        """What was decided. Header values are Latin-1; a reason is words for people."""
        if self.start is None:
            return {}
        told = {
            "x-grump-model": self._whole.model,
            "x-grump-provider": self.start.provider,
            "x-grump-cached": self.start.cached or "no",
            "x-grump-reason": self.start.reason.encode("ascii", "replace").decode(),
        }
        if usage is not None:
            told["x-grump-cost-usd"] = f"{usage.cost_microusd / 1_000_000:.6f}"
        return told
