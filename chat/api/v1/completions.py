"""`POST /v1/chat/completions`: the page's gateway, quota and cache for programs, whole or as a stream."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from chat.api.v1 import admission
from chat.api.v1.admission import Admitted, Wish
from chat.api.v1.call import Call, Failed
from chat.api.v1.door import body_of, secret_of, speaks_openai
from chat.api.v1.errors import invalid, refusal_of
from chat.api.v1.limits import limit_headers
from chat.api.v1.reading import Asked, read
from chat.api.v1.shapes import WAITING, Chunks, replayed, sse
from chat.api.v1.weight import weight
from chat.gateway import events
from chat.gateway.request import ChatRequest
from chat.runtime import runtime
from grump.lib.database import in_database
from usage.models.api_key import Scope

# Seconds until a stream begins without knowing how it will go, and between signs that it still lives:
# proxies give up a silent connection after a minute.
PATIENCE = 15.0
STREAM = "text/event-stream; charset=utf-8"
NAME_MOST = 255


@speaks_openai("POST")
async def completions(request: HttpRequest) -> HttpResponseBase:
    key = await in_database(admission.enter, secret_of(request), Scope.CHAT)
    body = body_of(request)
    asked = read(body, party=str(key.owner_id))
    if "no-cache" in request.headers.get("Cache-Control", ""):
        asked = replace(asked, request=replace(asked.request, fresh=True))
    house = runtime()
    price = house.gateway.likely_price(asked.request.model)
    wish = Wish(asked.request.model, weight(asked.request, price), _name(request), body)
    admitted = await in_database(admission.admit, key, wish)
    if admitted.answer is not None:
        return _again(admitted.answer, asked)
    call = Call(house, _bounded(asked.request, admitted), admitted)
    try:
        response = await (_stream(call, asked) if asked.stream else _whole(call))
    except BaseException:  # also who hung up while nothing was said yet
        call.leave()
        raise
    for name, value in limit_headers(admitted.standing).items():
        response[name] = value
    return response


def _bounded(request: ChatRequest, admitted: Admitted) -> ChatRequest:
    """By the models that the plan has."""
    if admitted.standing is None:
        return request
    allowed = admitted.standing.allowed
    return replace(request, allowed=frozenset(allowed.models), tiers=frozenset(allowed.tiers))


def _name(request: HttpRequest) -> str:
    name = request.headers.get("Idempotency-Key", "")
    if len(name) > NAME_MOST:
        raise invalid(f"An Idempotency-Key has at most {NAME_MOST} characters.", "Idempotency-Key")
    return name


async def _whole(call: Call) -> HttpResponseBase:
    while True:
        match await call.hear():
            case Failed(error):
                raise refusal_of(error)
            case events.Finished() as end:
                return _json(call.completion(end), call.headers(end.usage))


async def _stream(call: Call, asked: Asked) -> HttpResponseBase:
    """Answers once the first word is there, so that what fails before it fails with a status of its own."""
    first: list[events.Event] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while not first or isinstance(first[-1], events.Started | events.Queued):
                heard = await call.hear()
                if isinstance(heard, Failed):
                    raise refusal_of(heard.error)
                first.append(heard)
    except TimeoutError:
        pass  # a stream that has begun says by comments that it lives
    chunks = Chunks(call.id, call.created, asked.request.model, asked.include_usage)
    return _streamed(Told(call, chunks, first), call.headers())


class Told:
    """The bytes of a call's events. Django calls `close` whatever becomes of the response, also of one
    whose first byte was never sent; a generator that never began would not hear of it."""

    def __init__(self, call: Call, chunks: Chunks, first: list[events.Event]) -> None:
        self._call = call
        self._chunks = chunks
        self._first = first
        self._over = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._over:
            told = self._told(await self._next())
            if told:
                return told
        raise StopAsyncIteration

    async def _next(self) -> events.Event | Failed | None:
        if self._first:
            return self._first.pop(0)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._call.hear()
        except TimeoutError:
            return None

    def _told(self, heard: events.Event | Failed | None) -> bytes:
        match heard:
            case None:
                return WAITING
            case Failed(error):
                self._over = True
                return sse(refusal_of(error).shape)
            case events.Started():
                self._chunks.model = heard.model
            case events.Finished():
                self._over = True
        return self._chunks.of(heard)

    def close(self) -> None:
        self._call.leave()


def _again(answer: Any, asked: Asked) -> HttpResponseBase:
    """What the first call of this Idempotency-Key was answered."""
    headers = {**answer["headers"], "x-grump-replayed": "yes"}
    if not asked.stream:
        return _json(answer["completion"], headers)
    response = HttpResponse(replayed(answer["completion"], asked.include_usage), content_type=STREAM)
    return _with(response, headers)


def _json(payload: dict[str, Any], headers: dict[str, str]) -> HttpResponseBase:
    return _with(HttpResponse(orjson.dumps(payload), content_type="application/json"), headers)


def _streamed(told: Told, headers: dict[str, str]) -> HttpResponseBase:
    response = StreamingHttpResponse(told, content_type=STREAM)
    # For nginx, which would gather the stream.
    return _with(response, {**headers, "X-Accel-Buffering": "no", "Cache-Control": "no-cache"})


def _with(response: HttpResponseBase, headers: dict[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response[name] = value
    return response
