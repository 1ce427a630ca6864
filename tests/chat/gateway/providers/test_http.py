"""The innermost ring against a real socket: connections, limits, errors and secrets."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from chat.gateway import errors
from chat.gateway.catalogue import Model, Price, Provider, Timeouts
from chat.gateway.events import Event, Finished, Text
from chat.gateway.providers import http
from chat.gateway.providers.http import ProviderRing
from chat.gateway.providers.openai import OpenAI
from tests.chat.gateway.scripted import ask, listen, model, text_of
from tests.fakes import FakeProvider
from tests.fakes.scenarios import ANSWER
from tests.fakes.script import PROMPT_TOKENS

SECRET = "sk-very-secret"
REFUSED = ["server-error", "rate-limited", "bad-key", "bad-request", "context-too-long", "refuse"]
BROKEN = ["die-mid-stream", "no-terminator", "garbage-line", "mid-stream-error"]
NAMES = ["fast", "held", "hang", "split-utf8", "usage-missing", *REFUSED, *BROKEN]


@asynccontextmanager
async def ring_at(
    url: str, *, price: Price | None = None, connect: float = 2.0
) -> AsyncIterator[ProviderRing]:
    models: dict[str, Model] = {name: model(f"mock/{name}", price=price or Price(0.1, 0.4)) for name in NAMES}
    provider = Provider("mock", "openai", url, timeouts=Timeouts(connect=connect))
    ring = ProviderRing(provider, OpenAI(), models, SECRET)
    try:
        yield ring
    finally:
        await ring.close()


@pytest.fixture
async def ring(fake_provider: FakeProvider) -> AsyncIterator[ProviderRing]:
    async with ring_at(fake_provider.url) as ring:
        yield ring


@asynccontextmanager
async def server(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def test_an_answer_comes_whole_with_its_price(ring: ProviderRing) -> None:
    *events, end = await listen(ring.stream(ask(model="fast")))
    assert text_of(events) == "".join(ANSWER)
    assert isinstance(end, Finished)
    assert (end.usage.input_tokens, end.usage.output_tokens) == (PROMPT_TOKENS, len(ANSWER))
    assert end.usage.cost_microusd == -(-(PROMPT_TOKENS + 4 * len(ANSWER)) // 10)


async def test_tokens_that_nobody_counted_are_estimated_and_marked(ring: ProviderRing) -> None:
    *_, end = await listen(ring.stream(ask(model="usage-missing")))
    assert end.usage.estimated
    assert end.usage.output_tokens > 0
    assert end.usage.cost_microusd > 0


async def test_characters_torn_apart_come_whole(ring: ProviderRing) -> None:
    assert "世界 🙂" in text_of(await listen(ring.stream(ask(model="split-utf8"))))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("server-error", errors.UpstreamFailed),
        ("rate-limited", errors.UpstreamRateLimited),
        ("bad-key", errors.UpstreamRejectedKey),
        ("bad-request", errors.BadRequest),
        ("context-too-long", errors.ContextTooLong),
        ("refuse", errors.UpstreamFailed),
        ("die-mid-stream", errors.Truncated),
        ("no-terminator", errors.Truncated),
        ("garbage-line", errors.GarbledStream),
        ("mid-stream-error", errors.UpstreamFailed),
    ],
)
async def test_every_trouble_has_our_own_name(ring: ProviderRing, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await listen(ring.stream(ask(model=name)))


async def test_what_came_before_the_trouble_is_not_lost(ring: ProviderRing) -> None:
    stream = ring.stream(ask(model="die-mid-stream"))
    seen = ""
    with pytest.raises(errors.Truncated):  # noqa: PT012  # each of them may be the last
        while True:
            seen += (await anext(stream)).text  # type: ignore[union-attr]
    assert seen == "".join(ANSWER[: len(ANSWER) // 2])


async def test_a_closed_port_is_a_failed_connection(closed_port: int) -> None:
    async with ring_at(f"http://127.0.0.1:{closed_port}/v1") as ring:
        with pytest.raises(errors.ConnectFailed):
            await listen(ring.stream(ask(model="fast")))


async def test_a_connection_is_used_again(ring: ProviderRing, fake_provider: FakeProvider) -> None:
    for _ in range(5):
        await listen(ring.stream(ask(model="fast")))
    assert fake_provider.ledger.connections_made == 1


async def test_leaving_closes_the_connection_at_once(ring: ProviderRing, fake_provider: FakeProvider) -> None:
    stream = ring.stream(ask(model="held"))
    assert isinstance(await anext(stream), Text)
    await stream.aclose()
    await fake_provider.ledger.until(lambda books: not books.connections_open, within=0.2)
    assert fake_provider.ledger.streams[0].outcome == "left"


async def test_cancelling_before_the_first_byte_closes_the_connection(
    ring: ProviderRing, fake_provider: FakeProvider
) -> None:
    task = asyncio.create_task(listen(ring.stream(ask(model="hang"))))
    await fake_provider.ledger.until(lambda books: len(books.streams) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await fake_provider.ledger.until(lambda books: not books.connections_open, within=0.2)


async def test_the_hundred_and_first_stream_does_not_wait(
    ring: ProviderRing, fake_provider: FakeProvider
) -> None:
    held = [ring.stream(ask(model="held")) for _ in range(120)]
    firsts = await asyncio.wait_for(asyncio.gather(*(anext(stream) for stream in held)), timeout=10)
    assert len(firsts) == 120
    assert fake_provider.ledger.connections_open == 120
    for stream in held:
        await stream.aclose()


async def test_the_key_is_sent_and_cookies_are_not() -> None:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        response = web.Response(
            text='data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
        )
        response.set_cookie("session", "whose")
        return response

    async with server(answer) as url, ring_at(url) as ring:
        for _ in range(2):
            await listen(ring.stream(ask(model="fast")))
    assert [request.headers["authorization"] for request in seen] == [f"Bearer {SECRET}"] * 2
    assert "cookie" not in seen[1].headers
    assert seen[0].headers["accept-encoding"] == "identity"


async def test_a_redirect_is_not_followed() -> None:
    asked = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        raise web.HTTPTemporaryRedirect("/v1/chat/completions")

    async with server(answer) as url, ring_at(url) as ring:
        with pytest.raises(errors.UpstreamFailed):
            await listen(ring.stream(ask(model="fast")))
    assert asked == 1


async def test_an_endless_refusal_is_read_to_a_limit() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    async with server(answer) as url, ring_at(url) as ring:
        with pytest.raises(errors.UpstreamFailed):
            await asyncio.wait_for(listen(ring.stream(ask(model="fast"))), timeout=5)


async def test_an_endless_answer_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "STREAM_LIMIT", 100_000)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b": nothing but comments\n\n" * 1000)

    async with server(answer) as url, ring_at(url) as ring:
        with pytest.raises(errors.GarbledStream):
            await asyncio.wait_for(listen(ring.stream(ask(model="fast"))), timeout=5)


async def test_an_endless_line_is_read_to_a_limit() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"data: " + b"x" * 65536)

    async with server(answer) as url, ring_at(url) as ring:
        with pytest.raises(errors.GarbledStream):
            await asyncio.wait_for(listen(ring.stream(ask(model="fast"))), timeout=5)


async def test_a_body_that_does_not_end_behind_its_answer_keeps_nobody_waiting() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n')
        await response.write(b"data: [DONE]\n\n")
        await asyncio.Event().wait()
        return response

    async with server(answer) as url, ring_at(url) as ring:
        begun = asyncio.get_running_loop().time()
        events = await listen(ring.stream(ask(model="fast")))
        assert text_of(events) == "x"
        assert asyncio.get_running_loop().time() - begun < 1


@pytest.mark.parametrize("name", [*REFUSED, *BROKEN])
async def test_no_error_and_no_log_line_holds_the_key(
    ring: ProviderRing, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(errors.GatewayError) as caught:
        await listen(ring.stream(ask(model=name)))
    trace = "".join(traceback.format_exception(caught.value))
    assert SECRET not in trace + repr(caught.value) + caplog.text


async def test_words_that_came_before_the_connection_broke_are_not_lost_with_it() -> None:
    """They arrive while the ring gathers, and the break with them."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in ("One ", "two ", "three"):
            await response.write(
                b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % word.encode()
            )
            # Each in a segment of its own, so that the first is read alone.
            await asyncio.sleep(0)
        assert request.transport is not None
        request.transport.close()
        return response

    async with server(answer) as url, ring_at(url) as ring:
        heard: list[Event] = []

        async def hear() -> None:
            async for event in ring.stream(ask(model="fast")):
                heard.append(event)

        with pytest.raises(errors.Truncated):
            await hear()
    assert text_of(heard) == "One two three"
