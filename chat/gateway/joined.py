"""The ring that asks once what is being asked twice: identical requests in flight share one stream.

Only while it runs: what has ended is the cache's affair. "Ask again" never joins, nor do two parties unless
that is allowed, nor a request whose party is unknown. Where another process leads the same question, its
answer is followed; if it breaks off, this one asks for itself and goes on from what was shown.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, nullcontext
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from chat.gateway import metrics
from chat.gateway.elsewhere import Elsewhere, Gone, Listen
from chat.gateway.errors import Truncated
from chat.gateway.events import Event, Retry, Started, Text, ToolCall
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.shared import SharedStream


class Joined:
    """`elsewhere`: what other processes ask; without it each is alone. `widely`: parties may be joined
    with each other."""

    def __init__(self, inner: Ring, elsewhere: Elsewhere | None = None, *, widely: bool = False) -> None:
        self._inner = inner
        self._elsewhere = elsewhere
        self._widely = widely
        self._running: dict[object, SharedStream] = {}
        self._digests: dict[str, object] = {}
        if elsewhere is not None:
            elsewhere.running = self._running_here

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        if request.fresh or not request.party:
            events, joins = self._inner.stream(request), False
        else:
            key = identity(request, widely=self._widely)
            joins = key in self._running
            if not joins:
                self._running[key] = self._asked(key, request)
            events = self._running[key].listen()
        with metrics.JOINED.track_inprogress() if joins else nullcontext():
            async with aclosing(events):
                async for event in events:
                    yield event

    def _asked(self, key: object, request: ChatRequest) -> SharedStream:
        # A deadline is a reading of this process's clock: nobody elsewhere has the same.
        if self._elsewhere is None or request.deadline is not None:
            return SharedStream(self._here(request), lambda: self._forget(key))
        digest = blake2b(repr(key).encode(errors="backslashreplace"), digest_size=16).hexdigest()
        self._digests[digest] = key
        elsewhere = self._elsewhere

        def ended() -> None:
            del self._running[key], self._digests[digest]
            elsewhere.ended(digest)

        return SharedStream(self._here_or_elsewhere(elsewhere, digest, request), ended)

    def _forget(self, key: object) -> None:
        del self._running[key]

    def _running_here(self, digest: str) -> Listen | None:
        shared = self._running.get(self._digests.get(digest))
        return shared.listen if shared else None

    async def _here(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        return self._inner.stream(request)

    async def _here_or_elsewhere(
        self, elsewhere: Elsewhere, digest: str, request: ChatRequest
    ) -> AsyncGenerator[Event, None]:
        leader = await elsewhere.leader(digest)
        if leader is None:
            return self._inner.stream(request)
        return self._followed(elsewhere.follow(leader, digest), request)

    async def _followed(
        self, following: AsyncGenerator[Event, None], request: ChatRequest
    ) -> AsyncGenerator[Event, None]:
        speaker: Started | None = None
        shown: list[str] = []
        with metrics.JOINED.track_inprogress():
            try:
                async with aclosing(following) as events:
                    async for event in events:
                        match event:
                            case Started():
                                speaker = event
                            case Retry() if speaker:
                                speaker = replace(speaker, model=event.to)
                            case Text(text):
                                shown.append(text)
                            case ToolCall():
                                speaker = None  # half a tool call cannot be taken over
                                shown.append("")
                        yield event
                    return
            except Gone:
                if speaker is None and shown:
                    raise Truncated("The answer was interrupted.") from None
        rest = replace(request, prefill=request.prefill + "".join(shown))
        async with aclosing(self._inner.stream(rest)) as events:
            async for event in events:
                if speaker is not None and isinstance(event, Started):
                    reason = f"The answer was interrupted and goes on. {event.reason}"
                    event = Retry(speaker.model, event.model, reason)
                yield event


def identity(request: ChatRequest, *, widely: bool = False) -> object:
    """What two requests have in common that can share an answer. Priority and deadline are among it: an
    answer that is made in the background, or given up earlier, is not the same."""
    messages = tuple((message.role, message.text, _spelled(message.extra)) for message in request.messages)
    return (
        "" if widely else request.party,
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
