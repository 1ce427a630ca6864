"""One HTTP/1.1 connection to a provider, for one request at a time: bytes out, a status and a body back.

Parsed by httptools and carried by us (docs/decisions/0023-connections-to-providers.md): between a
question and the first byte to the provider stand a dozen lines here, where a client for every purpose has
hundreds, and with cold caches those took as long as saving the question.
"""

import asyncio
from typing import Any

import httptools

HEAD_LIMIT = 64 * 1024  # bytes before the body begins
MOST_UNREAD = 64 * 1024  # bytes that wait for their reader before the socket is left alone

Headers = list[tuple[bytes, bytes]]


class Broken(OSError):
    """The connection was lost, or does not speak HTTP, before the answer was whole."""


class Connection(asyncio.Protocol):
    """`status` and `headers` are those of the answer under way, once `ask` has returned."""

    def __init__(self) -> None:
        self.status = 0
        self.closed = asyncio.get_running_loop().create_future()
        self._transport: Any = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._fields: Headers = []
        self._pieces: list[bytes] = []
        self._size = 0  # of the pieces, bytes
        self._head_size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Broken | None = None
        self._busy = self._headed = self._whole = self._keeps = self._paused = False

    # --- What a reader calls ---

    async def ask(self, request: bytes) -> None:
        """Send one request; returns when the head of its answer has come. Raises Broken."""
        self._fields = []
        self._pieces, self._size, self._head_size = [], 0, 0
        self._busy, self._headed, self._whole = True, False, False
        self._transport.write(request)
        while not self._headed:
            if self._failure is not None:
                raise self._failure
            await self._stirred()

    async def read(self, most: int) -> bytes:
        """What has come of the body, `most` bytes of it; waits for some; empty at its end. Raises Broken
        behind everything that came before the break."""
        while not self._pieces:
            if self._whole:
                return b""
            if self._failure is not None:
                raise self._failure
            self._go_on()
            await self._stirred()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        if len(data) > most:
            self._pieces = [data[most:]]
            data = data[:most]
        self._size -= len(data)
        self._go_on()
        return data

    def rest(self) -> None:
        """Leave the socket alone until the next `read`: what comes meanwhile wakes nobody."""
        if not self._size:
            self._pause()

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case names; of a name that comes twice, the last."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._fields}

    @property
    def is_read(self) -> bool:
        """The body has come to its end, read or not."""
        return self._whole

    def release(self) -> bool:
        """Whether another request may follow; where the body has not come to its end, none may."""
        self._busy = False
        self._pieces, self._size = [], 0
        if not (self._whole and self._keeps) or self._failure is not None:
            self.close()
            return False
        self._go_on()
        return True

    @property
    def is_lost(self) -> bool:
        return self._failure is not None

    def close(self) -> None:
        self._break("The connection was closed.")

    # --- What the event loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self._break("Bytes came that nobody asked for.")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._break("The answer is not HTTP.")
            return
        if not self._headed:
            self._head_size += len(data)
            if self._head_size > HEAD_LIMIT:
                self._break("The head of the answer does not end.")
            return
        if self._size > MOST_UNREAD:
            self._pause()
        self._stir()

    def connection_lost(self, error: Exception | None) -> None:
        if self._headed and not self._whole and not error and not self._is_measured():
            self._whole = True  # this body is as long as its connection
        self._break("The connection was lost.")
        self._parser = None  # each holds the other
        if not self.closed.done():
            self.closed.set_result(None)

    # --- What the parser calls ---

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._headed = self.status >= 200  # before it: only a word that the answer is being worked on
        self._keeps = self._parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)

    def on_message_complete(self) -> None:
        self._whole = self._headed
        if not self._headed:
            self._fields = []

    # --- Within ---

    def _is_measured(self) -> bool:
        """The head says where the body ends."""
        return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self._fields)

    def _pause(self) -> None:
        if not self._paused and not self._whole and self._failure is None:
            self._paused = True
            self._transport.pause_reading()

    def _go_on(self) -> None:
        if self._paused and self._size <= MOST_UNREAD and self._failure is None:
            self._paused = False
            self._transport.resume_reading()

    async def _stirred(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _stir(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _break(self, why: str) -> None:
        if self._failure is None:
            self._failure = Broken(why)
            self._transport.abort()
        self._stir()
