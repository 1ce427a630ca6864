"""One connection against a peer of bytes: what HTTP/1.1 allows, however it is cut, and what not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from chat.gateway.providers import connection as module
from chat.gateway.providers.connection import Broken, Connection

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
BODY = b"data: one\n\ndata: two\n\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Made-By: hand\r\n\r\n"
    b"b\r\ndata: one\n\n\r\nb;ext=1\r\ndata: two\n\n\r\n0\r\nTrailer: x\r\n\r\n"
)
MEASURED = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n" + BODY
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"


class Wire(asyncio.Transport):
    """What a connection writes on; the peer is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = self.paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def connection(wire: Wire) -> Connection:
    connection = Connection()
    connection.connection_made(wire)
    return connection


@asynccontextmanager
async def asked(connection: Connection) -> AsyncIterator["asyncio.Task[None]"]:
    asking = asyncio.create_task(connection.ask(REQUEST))
    await asyncio.sleep(0)
    yield asking
    await asking


async def whole(connection: Connection) -> bytes:
    body = b""
    while piece := await connection.read(7):
        body += piece
    return body


@pytest.mark.parametrize("answer", [CHUNKED, MEASURED, ENDLESS, INTERIM + CHUNKED, INTERIM + MEASURED])
async def test_an_answer_cut_at_any_byte_is_the_same(answer: bytes) -> None:
    for cut in range(1, len(answer)):
        wire = Wire()
        connection = Connection()
        connection.connection_made(wire)
        async with asked(connection):
            connection.data_received(answer[:cut])
            connection.data_received(answer[cut:])
        if answer is ENDLESS:
            connection.connection_lost(None)
        assert wire.written == REQUEST
        assert connection.status == 200
        assert await whole(connection) == BODY


async def test_an_answer_byte_by_byte_is_the_same(connection: Connection) -> None:
    async with asked(connection):
        for at in range(len(CHUNKED)):
            connection.data_received(CHUNKED[at : at + 1])
    assert await whole(connection) == BODY
    assert connection.headers["x-made-by"] == "hand"


@pytest.mark.parametrize(("answer", "again"), [(CHUNKED, True), (MEASURED, True), (ENDLESS, False)])
async def test_it_serves_again_where_the_body_has_an_end(
    connection: Connection, wire: Wire, answer: bytes, again: bool
) -> None:
    async with asked(connection):
        connection.data_received(answer)
    if not again:
        connection.connection_lost(None)
    assert await whole(connection) == BODY
    assert connection.release() is again
    assert wire.aborted is not again
    if again:
        async with asked(connection):
            connection.data_received(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")
        assert connection.status == 503
        assert await whole(connection) == b""


async def test_who_says_close_is_not_asked_again(connection: Connection, wire: Wire) -> None:
    async with asked(connection):
        connection.data_received(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx")
    assert await whole(connection) == b"x"
    assert not connection.release()
    assert wire.aborted


async def test_leaving_before_the_end_closes(connection: Connection, wire: Wire) -> None:
    async with asked(connection):
        connection.data_received(CHUNKED[:-5])
    assert await connection.read(100)
    assert not connection.release()
    assert wire.aborted


@pytest.mark.parametrize("answer", [CHUNKED[:-5], MEASURED[:-1]])
async def test_what_came_before_a_break_is_read_before_it_is_told(
    connection: Connection, answer: bytes
) -> None:
    async with asked(connection):
        connection.data_received(answer)
    connection.connection_lost(None)
    got = b""
    with pytest.raises(Broken):  # noqa: PT012  # each read may be the last
        while True:
            got += await connection.read(100)
    assert got == (BODY if answer is CHUNKED[:-5] else BODY[: len(got)])
    assert len(got) >= len(BODY) - 1


@pytest.mark.parametrize(
    "peer",
    [
        pytest.param(lambda c: c.connection_lost(None), id="hangs up"),
        pytest.param(lambda c: c.connection_lost(ConnectionResetError()), id="resets"),
        pytest.param(lambda c: c.data_received(b"SSH-2.0-OpenSSH_9.9\r\n"), id="speaks another tongue"),
        pytest.param(lambda c: c.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), id="lies"),
        pytest.param(
            lambda c: c.data_received(b"HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
            id="changes the protocol",
        ),
        pytest.param(
            lambda c: [c.data_received(b"HTTP/1.1 200 OK\r\n"), c.data_received(b"x: y\r\n" * 20_000)],
            id="has endless headers",
        ),
    ],
)
async def test_what_is_no_answer_is_broken(
    connection: Connection, wire: Wire, peer: Callable[[Connection], object]
) -> None:
    asking = asyncio.create_task(connection.ask(REQUEST))
    await asyncio.sleep(0)
    peer(connection)
    with pytest.raises(Broken):
        await asking
    assert connection.is_lost
    assert not connection.release()


async def test_bytes_that_nobody_asked_for_close_it(connection: Connection, wire: Wire) -> None:
    connection.data_received(MEASURED)
    assert wire.aborted
    assert connection.is_lost


async def test_a_reader_that_does_not_come_stops_the_peer(
    connection: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_UNREAD", 10)
    async with asked(connection):
        connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 50)
        connection.data_received(b"y")
    assert wire.paused
    assert await connection.read(20) == b"x" * 20
    assert wire.paused
    assert await connection.read(25) == b"x" * 25
    assert not wire.paused


async def test_while_it_rests_nothing_is_read_until_somebody_wants_it(
    connection: Connection, wire: Wire
) -> None:
    async with asked(connection):
        connection.data_received(CHUNKED[:-30])
    await connection.read(100)
    connection.rest()
    assert wire.paused
    reading = asyncio.create_task(connection.read(100))
    await asyncio.sleep(0)
    assert not wire.paused
    connection.data_received(CHUNKED[-30:])
    assert await reading
    connection.rest()  # all of it has come: there is nothing to leave alone
    assert not wire.paused


async def test_a_reader_that_gave_up_disturbs_nobody(connection: Connection) -> None:
    async with asked(connection):
        connection.data_received(CHUNKED[:66])
    reading = asyncio.create_task(connection.read(100))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    connection.data_received(CHUNKED[66:])
    assert await whole(connection) == BODY
