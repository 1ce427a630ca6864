"""The connections to one provider, against a real socket."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from chat.gateway.providers import pool as module
from chat.gateway.providers.connection import Broken, Connection
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.pool import Pool, Unreached, Unspeakable, spelled

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peers:
    """A server of bytes that notes its connections and what was asked on each."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self.heads: list[bytes] = []
        self.url = ""

    async def answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[str]:
    server = await asyncio.start_server(peer, "127.0.0.1", 0, backlog=300)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    peers = Peers()
    async with serving(peers.answers) as peers.url:
        yield peers


@pytest.fixture
async def pool(peers: Peers) -> AsyncIterator[Pool]:
    pool = Pool(peers.url, 1.0, None)
    yield pool
    await pool.close()


def call(url: str, **headers: str) -> HttpCall:
    return HttpCall(url, headers, b"")


async def read(connection: Connection) -> bytes:
    body = b""
    while piece := await connection.read(100):
        body += piece
    return body


async def test_a_connection_that_is_free_is_used_again(pool: Pool, peers: Peers) -> None:
    for _ in range(3):
        connection = await pool.ask(call(peers.url))
        assert await read(connection) == b"ok"
        pool.give_back(connection)
    assert len(peers.connections) == 1


async def test_nobody_waits_for_one_that_is_busy(pool: Pool, peers: Peers) -> None:
    busy = await asyncio.gather(*(pool.ask(call(peers.url)) for _ in range(150)))
    assert len(peers.connections) == 150
    for connection in busy:
        pool.give_back(connection)


async def test_one_that_the_peer_has_closed_meanwhile_is_not_used(pool: Pool, peers: Peers) -> None:
    connection = await pool.ask(call(peers.url))
    await read(connection)
    pool.give_back(connection)
    peers.connections[0].close()
    await connection.closed
    again = await pool.ask(call(peers.url))
    assert await read(again) == b"ok"
    assert len(peers.connections) == 2


async def test_one_that_was_idle_for_too_long_is_closed(
    pool: Pool, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE", 0.01)
    connection = await pool.ask(call(peers.url))
    await read(connection)
    pool.give_back(connection)
    await asyncio.wait_for(connection.closed, 1)
    await pool.ask(call(peers.url))
    assert len(peers.connections) == 2


async def test_closing_the_pool_closes_those_in_use_too(pool: Pool, peers: Peers) -> None:
    connection = await pool.ask(call(peers.url))
    await pool.close()
    assert connection.is_lost
    with pytest.raises(Broken):
        await read_past(connection)


async def read_past(connection: Connection) -> None:
    while await connection.read(100):
        pass
    raise Broken("read to its end")


async def test_a_name_is_looked_up_once_for_all_who_ask_at_once(
    pool: Pool, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    asked: list[object] = []
    usual = loop.getaddrinfo

    async def look_up(*args: object, **options: object) -> object:
        asked.append(args)
        return await usual(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    await asyncio.gather(*(pool.ask(call(peers.url)) for _ in range(20)))
    assert len(asked) == 1


async def test_what_cannot_be_reached_is_asked_for_anew_each_time(closed_port: int) -> None:
    pool = Pool(f"http://127.0.0.1:{closed_port}/v1", 1.0, None)
    for _ in range(2):
        with pytest.raises(Unreached):
            await pool.ask(call(f"http://127.0.0.1:{closed_port}/v1"))
    await pool.close()


async def test_a_peer_that_does_not_take_the_connection_is_given_up_in_time() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}/v1"
        pool = Pool(url, 0.05, ssl.create_default_context())
        with pytest.raises(Unreached):  # connected, and TLS is never answered
            await pool.ask(call(url))
        await pool.close()


async def test_a_certificate_of_nobody_we_trust_is_refused(peers: Peers) -> None:
    pool = Pool(peers.url.replace("http:", "https:"), 1.0, ssl.create_default_context())
    with pytest.raises(Unreached):
        await pool.ask(call(peers.url))
    await pool.close()


async def test_who_gives_up_closes_the_connection(pool: Pool) -> None:
    came = asyncio.Event()
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        came.set()
        try:
            await reader.read()
        except ConnectionError:
            pass
        gone.set()
        writer.close()

    async with serving(silent) as url:
        other = Pool(url, 1.0, None)
        asking = asyncio.create_task(other.ask(call(url)))
        await came.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(gone.wait(), 1)
        await other.close()


def test_a_request_is_spelled_as_http() -> None:
    wanted = HttpCall("https://a.example:8443/v1/x%3Ay?api-version=1", {"Accept": "text/x", "k": "v"}, b"{}")
    assert spelled(wanted, "a.example:8443").split(b"\r\n") == [
        b"POST /v1/x%3Ay?api-version=1 HTTP/1.1",
        b"accept: text/x",
        b"user-agent: G-Rump",
        b"k: v",
        b"accept-encoding: identity",
        b"host: a.example:8443",
        b"content-length: 2",
        b"",
        b"{}",
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        HttpCall("http://a/x", {"k": "v\r\nx: y"}, b""),
        HttpCall("http://a/x", {"k": "v\nx: y"}, b""),
        HttpCall("http://a/x", {"k\r\nx": "v"}, b""),
        HttpCall("http://a/x", {"k": "\0"}, b""),
        HttpCall("http://a/x y", {}, b""),
    ],
)
def test_what_would_be_another_request_is_not_sent(wanted: HttpCall) -> None:
    with pytest.raises(Unspeakable):
        spelled(wanted, "a")
