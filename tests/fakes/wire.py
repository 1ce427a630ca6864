"""HTTP/1.1 on a bare asyncio transport: what a web framework hides is what these fakes are about.

A connection can break at any byte, be torn to single bytes, and know at once that its client left; and a
chunk can be encoded once and written many times, so that the fake is never what a benchmark measures.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from http import HTTPStatus
from typing import Any, cast

import httptools


class Request:
    """One HTTP request, read to its end."""

    def __init__(self) -> None:
        self.method = ""
        self.target = b""
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    @property
    def path(self) -> str:
        return httptools.parse_url(self.target).path.decode()


class Connection(asyncio.Protocol):
    """Feeds each request to `answer`, and cancels that when the client leaves."""

    transport: asyncio.Transport

    def __init__(
        self,
        answer: Callable[["Connection", Request], Coroutine[Any, Any, None]],
        opened: Callable[["Connection"], None],
        closed: Callable[["Connection"], None],
    ) -> None:
        self._answer, self._opened, self._closed = answer, opened, closed
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._writable = asyncio.Event()
        self._writable.set()
        self._split = 0
        self._begun = False
        self.task: asyncio.Task[None] | None = None

    # --- asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        if self.task is not None:
            self.task.cancel()
        self._closed(self)

    # --- httptools calls these

    def on_message_begin(self) -> None:
        self._request = Request()

    def on_url(self, url: bytes) -> None:
        self._request.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._request.body += body

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode()
        self._split, self._begun = 0, False
        self.task = asyncio.get_running_loop().create_task(self._answer(self, self._request))
        self.task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.task = None
        if not task.cancelled() and task.exception() is not None:
            self.transport.abort()
            task.get_loop().call_exception_handler(
                {"message": "the fake's script failed", "exception": task.exception(), "task": task}
            )

    # --- an answer in one piece

    def respond(self, status: int, kind: str, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.transport.write(head(status, kind, [*headers, ("Content-Length", str(len(body)))]) + body)

    # --- an answer that grows

    def begin(self, kind: str) -> None:
        """The status line and headers, at once: clients time their arrival."""
        self._begun = True
        self.transport.write(
            head(200, kind, [("Transfer-Encoding", "chunked"), ("Cache-Control", "no-cache")])
        )

    @property
    def begun(self) -> bool:
        return self._begun

    def split(self, size: int) -> None:
        self._split = size

    async def send(self, data: bytes) -> None:
        if not self._split:
            await self.write(chunked(data))
            return
        for start in range(0, len(data), self._split):
            await self.write(chunked(data[start : start + self._split]))
            await asyncio.sleep(0)

    async def write(self, raw: bytes) -> None:
        """Bytes that are already framed as HTTP chunks; waits while the client does not read."""
        self.transport.write(raw)
        if not self._writable.is_set():
            await self._writable.wait()

    def end(self) -> None:
        self.transport.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Let what was written leave, then close in the middle of the body."""
        self.transport.close()


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def head(status: int, kind: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {kind}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
