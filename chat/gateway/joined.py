"""The ring that asks once what is being asked twice: identical requests in flight share one stream.

Only while it runs: what has ended is the cache's affair. "Ask again" never joins, nor do two parties, nor
a request whose party is unknown.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, nullcontext
from typing import Any

from chat.gateway import metrics
from chat.gateway.events import Event
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.shared import SharedStream


class Joined:
    def __init__(self, inner: Ring) -> None:
        self._inner = inner
        self._running: dict[object, SharedStream] = {}

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        if request.fresh or not request.party:
            events, joins = self._inner.stream(request), False
        else:
            key = identity(request)
            joins = key in self._running
            if not joins:
                self._running[key] = SharedStream(self._inner.stream(request), lambda: self._forget(key))
            events = self._running[key].listen()
        with metrics.JOINED.track_inprogress() if joins else nullcontext():
            async with aclosing(events):
                async for event in events:
                    yield event

    def _forget(self, key: object) -> None:
        del self._running[key]


def identity(request: ChatRequest) -> object:
    """What two requests have in common that can share an answer. Priority and deadline are among it: an
    answer that is made in the background, or given up earlier, is not the same."""
    messages = tuple((message.role, message.text, _spelled(message.extra)) for message in request.messages)
    return (
        request.party,
        request.model,
        messages,
        request.prefill,
        request.max_output,
        request.temperature,
        request.preference,
        request.priority,
        request.deadline,
        _spelled(request.extra),
    )


def _spelled(extra: Mapping[str, Any]) -> str:
    return json.dumps(extra, sort_keys=True, default=repr) if extra else ""
