"""The innermost ring: one provider over HTTP, and the one seam where foreign errors become ours.

Answers are streamed over connections of our own (pool.py). What is asked now and then, in one piece, is asked
by httpx (`open_client`), over aiohttp's transport: plain httpx's pool work grows with the square of its
connections. Traps, all of them closed here: aiohttp keeps a cap of 100 connections of its own; its
`sock_connect` leaves out the name look-up; both keep cookies.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from chat.gateway.catalogue import Model, Provider
from chat.gateway.counting import count_tokens
from chat.gateway.errors import ConnectFailed, GarbledStream, GatewayError, Truncated, UpstreamFailed
from chat.gateway.events import Event, Finished, Reasoning, Text, ToolCall
from chat.gateway.pricing import Counter, estimated, priced
from chat.gateway.providers.connection import Connection
from chat.gateway.providers.dialect import Dialect, HttpCall, Reader
from chat.gateway.providers.pool import KEEP_ALIVE, Pool, Unreached
from chat.gateway.request import ChatRequest

STREAM_LIMIT = 64 * 1024 * 1024  # bytes of one answer; an event's own limit is its framing's
REFUSAL_LIMIT = 64 * 1024  # bytes of a refusal that are read
# Seconds for the end of the HTTP body behind the end of the answer: it mostly came with it, and a
# connection whose body was read to its end can be used again.
LAST_BYTES = 0.05
# Seconds between two reads of one answer, once it has begun. A token that is read alone wakes every ring and
# two tasks; what came in these seconds is read, decoded and passed on together, at a third of the work.
GATHER = 0.05
LEISURE = 2 * 1024  # bytes: who sends less at once is not listened to while words gather
FLOOD = 16 * 1024  # bytes of one read at most: who sends this much at once is read without a pause

#: What aiohttp, httpx over it and the sockets below raise.
FOREIGN = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, asyncio.TimeoutError)

#: Of these, and of what httpx raises `from` them: nobody was there. A server that hangs up is none of them.
UNREACHED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    httpx.InvalidURL,
    TimeoutError,
)


class ProviderRing:
    """Asks `provider` for `models[request.model]`. `key` is its secret, empty for none."""

    def __init__(
        self,
        provider: Provider,
        dialect: Dialect,
        models: Mapping[str, Model],
        key: str = "",
        count: Counter = count_tokens,
        gather: float = GATHER,
    ) -> None:
        self.provider = provider
        self._dialect = dialect
        self._models = models
        self._key = key
        self._count = count
        self._gather = gather
        self._pool: Pool | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        model = self._models[request.model]
        call = self._dialect.call(request, model, self.provider, self._key)
        answer = await self._send(call)
        try:
            if not 200 <= answer.status < 300:
                raise await self._refusal(answer)
            said: list[str] = []  # counted only where the provider does not count
            reader = self._dialect.reader(request)
            async with aclosing(_events(answer, reader, self._gather)) as events:
                async for event in events:
                    kind = event.__class__
                    if kind is Text or kind is Reasoning:
                        said.append(event.text)  # type: ignore[union-attr]
                    elif kind is ToolCall:
                        said.append(event.name + event.arguments)  # type: ignore[union-attr]
                    elif kind is Finished:
                        event = self._settled(event, request, model, said)  # type: ignore[arg-type]
                    yield event
        finally:
            self._connections.give_back(answer)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    @property
    def _connections(self) -> Pool:
        if self._pool is None:
            url = self.provider.base_url
            self._pool = Pool(url, self.provider.timeouts.connect, _verifying() if _is_secret(url) else None)
        return self._pool

    async def _send(self, call: HttpCall) -> Connection:
        try:
            return await self._connections.ask(call)
        except Unreached:
            raise ConnectFailed("The provider could not be reached.") from None
        except OSError:
            raise UpstreamFailed("The provider hung up without an answer.") from None

    async def _refusal(self, answer: Connection) -> GatewayError:
        body = bytearray()
        try:
            while len(body) < REFUSAL_LIMIT and (chunk := await answer.read(FLOOD)):
                body += chunk
        except OSError:
            pass  # the status alone says enough
        return self._dialect.error(answer.status, answer.headers, bytes(body[:REFUSAL_LIMIT]))

    def _settled(self, end: Finished, request: ChatRequest, model: Model, said: Sequence[str]) -> Finished:
        if end.usage.estimated:
            return replace(end, usage=estimated(request, said, model.price, self._count))
        return replace(end, usage=priced(end.usage, model.price))


async def _events(answer: Connection, reader: Reader, gather: float) -> AsyncGenerator[Event, None]:
    clock = asyncio.get_running_loop().time
    received = 0
    at_once = 0  # bytes that were read without waiting for them
    begun = False  # the first piece of the answer waits for nobody
    try:
        while chunk := await answer.read(FLOOD):
            read_at = clock()
            received += len(chunk)
            if received > STREAM_LIMIT:
                raise GarbledStream("The provider's answer does not end.")
            for event in reader.feed(chunk):
                begun = True
                if event.__class__ is Finished:
                    await _read_to_end(answer)
                yield event
            if reader.done:
                return
            if reader.failure is not None:
                raise reader.failure
            at_once += len(chunk)
            if begun and len(chunk) < FLOOD:
                if at_once < FLOOD:
                    if at_once < LEISURE:
                        answer.rest()
                    await asyncio.sleep(read_at + gather - clock())
                at_once = 0
    except OSError:
        pass  # what came decodes to the answer so far; whether that is all of it, the reader knows
    for event in reader.end():
        yield event
    if not reader.done:
        raise reader.failure or Truncated("The provider's answer broke off before its end.")


async def _read_to_end(answer: Connection) -> None:
    if answer.is_read:
        return
    try:
        async with asyncio.timeout(LAST_BYTES):
            while await answer.read(FLOOD):
                pass
    except OSError:  # it was lost, or it takes too long: it is not used again
        pass


def open_client(provider: Provider) -> httpx.AsyncClient:
    """For what is asked now and then, in one piece."""
    verify = _verifying_where_needed(provider)
    connect = provider.timeouts.connect
    return httpx.AsyncClient(
        # "pool" bounds all of: waiting for a place (there is always one), name look-up, TCP and TLS.
        timeout=httpx.Timeout(None, connect=connect, pool=connect),
        transport=AiohttpTransport(
            verify=verify, trust_env=False, client=lambda: _open_session(provider, verify)
        ),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept
        follow_redirects=False,
        trust_env=False,
    )


def _open_session(provider: Provider, verify: ssl.SSLContext) -> aiohttp.ClientSession:
    """On the running loop."""
    connect = provider.timeouts.connect
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=verify, keepalive_timeout=KEEP_ALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        # "connect" bounds all of: waiting for a place (there is always one), name look-up, TCP and TLS.
        timeout=aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect),
        auto_decompress=False,
    )


def _verifying_where_needed(provider: Provider) -> ssl.SSLContext:
    return _verifying() if _is_secret(provider.base_url) else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _is_secret(url: str) -> bool:
    return url.startswith("https:")


@cache
def _verifying() -> ssl.SSLContext:
    """One for all providers: loading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)
