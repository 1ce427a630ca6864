"""The innermost ring: one provider over HTTP, and the one seam where foreign errors become ours.

httpx over aiohttp's transport: plain httpx's pool work grows with the square of its connections. Traps
of that pair, all of them closed here: aiohttp keeps a cap of 100 connections of its own (stream 101 would
wait for a whole answer); its `sock_connect` leaves out the name look-up; both keep cookies.

A stream calls the transport itself: a client round it would merge headers, look for redirects, cookies and
credentials, and be one more generator in the way of every piece, for twice the CPU time of the request.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cache, lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from chat.gateway.catalogue import Model, Provider
from chat.gateway.counting import count_tokens
from chat.gateway.errors import ConnectFailed, GarbledStream, GatewayError, Truncated, UpstreamFailed
from chat.gateway.events import Event, Finished, Reasoning, Text, ToolCall
from chat.gateway.pricing import Counter, estimated, priced
from chat.gateway.providers.dialect import Dialect, HttpCall, Reader
from chat.gateway.request import ChatRequest

STREAM_LIMIT = 64 * 1024 * 1024  # bytes of one answer; an event's own limit is its framing's
REFUSAL_LIMIT = 64 * 1024  # bytes of a refusal that are read
KEEP_ALIVE = 30.0  # seconds an idle connection is kept; servers close theirs after 5 to 75
# Seconds for the end of the HTTP body behind the end of the answer: it mostly came with it, and a
# connection whose body was read to its end can be used again.
LAST_BYTES = 0.05
# Seconds between two reads of one answer, once it has begun. A token that is read alone wakes every ring and
# two tasks; what came in these seconds is read, decoded and passed on together, at a third of the work.
GATHER = 0.05
FLOOD = 16 * 1024  # bytes of one read: who sends this much at once is read without a pause

#: What httpx, its transport and the sockets below raise. aiohttp's own come through where the
#: transport knows no name of httpx's for them.
FOREIGN = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, asyncio.TimeoutError)

UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, httpx.InvalidURL, TimeoutError)


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
        self._transport: AiohttpTransport | None = None
        self._limits = {"timeout": _limits(provider).as_dict()}

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        model = self._models[request.model]
        call = self._dialect.call(request, model, self.provider, self._key)
        response = await self._send(call)
        try:
            if not response.is_success:
                raise await self._refusal(response)
            said: list[str] = []  # counted only where the provider does not count
            async with aclosing(_events(response, self._dialect.reader(request), self._gather)) as events:
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
            # Before the end of the body this closes the connection, and the provider stops working.
            await response.aclose()

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    async def _send(self, call: HttpCall) -> httpx.Response:
        if self._transport is None:
            self._transport = open_transport(self.provider)
        # Compressed answers would come late (in blocks) and could be bombs.
        headers = {**call.headers, "accept-encoding": "identity"}
        try:
            url = _parsed(call.url)
            sent = httpx.Request(
                call.method, url, headers=headers, content=call.body, extensions=self._limits
            )
            return await self._transport.handle_async_request(sent)
        except FOREIGN as error:
            # By aiohttp's own class: the transport calls a server that hangs up a "connect timeout".
            if isinstance(error.__cause__ or error, UNREACHED):
                raise ConnectFailed("The provider could not be reached.") from None
            raise UpstreamFailed("The provider hung up without an answer.") from None

    async def _refusal(self, response: httpx.Response) -> GatewayError:
        body = bytearray()
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) >= REFUSAL_LIMIT:
                    break
        except FOREIGN:
            pass  # the status alone says enough
        headers = {name.lower(): value for name, value in response.headers.items()}
        return self._dialect.error(response.status_code, headers, bytes(body[:REFUSAL_LIMIT]))

    def _settled(self, end: Finished, request: ChatRequest, model: Model, said: Sequence[str]) -> Finished:
        if end.usage.estimated:
            return replace(end, usage=estimated(request, said, model.price, self._count))
        return replace(end, usage=priced(end.usage, model.price))


async def _events(response: httpx.Response, reader: Reader, gather: float) -> AsyncGenerator[Event, None]:
    clock = asyncio.get_running_loop().time
    received = 0
    begun = False  # the first piece of the answer waits for nobody
    # Not `aiter_raw()`: that is one more generator in the way of every single token.
    assert isinstance(response.stream, httpx.AsyncByteStream)
    chunks = response.stream.__aiter__()
    try:
        async for chunk in chunks:
            read_at = clock()
            received += len(chunk)
            if received > STREAM_LIMIT:
                raise GarbledStream("The provider's answer does not end.")
            for event in reader.feed(chunk):
                begun = True
                if event.__class__ is Finished:
                    await _read_to_end(chunks.__anext__)
                yield event
            if reader.done:
                return
            if reader.failure is not None:
                raise reader.failure
            if begun and len(chunk) < FLOOD:
                await asyncio.sleep(read_at + gather - clock())
    except FOREIGN:
        # What came decodes to the answer so far; whether that is all of it, the reader knows.
        unread = _unread(response)
    else:
        unread = b""
    for event in (*reader.feed(unread), *reader.end()):
        yield event
    if not reader.done:
        raise reader.failure or Truncated("The provider's answer broke off before its end.")


def _unread(response: httpx.Response) -> bytes:
    """What had come before the connection broke and was not read yet. aiohttp raises before it hands that
    out, and says nowhere public that it has it: these words would be lost, though they were sent and paid."""
    body = getattr(response.stream, "_aiohttp_response", None)
    if body is None:
        return b""
    body.content._exception = None
    return bytes(body.content.read_nowait(-1))


async def _read_to_end(read: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(LAST_BYTES):
            while True:
                await read()  # type: ignore[misc]
    except (StopAsyncIteration, *FOREIGN):
        pass


def open_client(provider: Provider) -> httpx.AsyncClient:
    """For what is asked now and then, in one piece."""
    return httpx.AsyncClient(
        timeout=_limits(provider),
        transport=open_transport(provider),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept
        follow_redirects=False,
        trust_env=False,
    )


def open_transport(provider: Provider) -> AiohttpTransport:
    secure = provider.base_url.startswith("https:")
    verify = _verifying() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, ssl=verify, keepalive_timeout=KEEP_ALIVE)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return AiohttpTransport(verify=verify, trust_env=False, client=session)


def _limits(provider: Provider) -> httpx.Timeout:
    connect = provider.timeouts.connect
    # "pool" bounds all of: waiting for a place (there is always one), name look-up, TCP and TLS.
    return httpx.Timeout(None, connect=connect, pool=connect)


@lru_cache(maxsize=1024)  # a provider and its models; Gemini's stand in the address
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


@cache
def _verifying() -> ssl.SSLContext:
    """One for all providers: loading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)
