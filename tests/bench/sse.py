"""A program's call, direct or through a gateway: a client of server-sent events that counts and does not
parse, so that it costs less than anything it measures."""

import asyncio
import re
from collections.abc import Mapping
from typing import Self, cast

import orjson

from tests.bench.watch import Watch
from tests.fakes.words import WIDTH

# Tokens are words of letters and blanks (tests/fakes/words.py), so that nothing in them is escaped.
CONTENT = re.compile(rb'"content": ?"([^"]*)"')


class SseConnection(asyncio.Protocol):
    """One kept HTTP connection; one answer at a time."""

    transport: asyncio.Transport

    def __init__(self, prefix: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._prefix = prefix
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items()).encode()
        self._rest = b""
        self._characters = 0
        self._watch: Watch | None = None

    @classmethod
    async def open(cls, port: int, prefix: str = "", headers: Mapping[str, str] | None = None) -> Self:
        """`prefix` goes before the names of models, `headers` with every request."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(prefix, headers), "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, model: str, prompt: str) -> Watch:
        body = orjson.dumps(
            {
                "model": self._prefix + model,
                "messages": [{"role": "user", "content": prompt}],
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        )
        self._rest, self._characters = b"", 0
        self._watch = Watch(prompt)
        self.transport.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"%bContent-Length: %d\r\n\r\n%b" % (self._headers, len(body), body)
        )
        return self._watch

    def data_received(self, data: bytes) -> None:
        watch = self._watch
        if watch is None:
            return
        whole, _, self._rest = (self._rest + data).rpartition(b"\n")
        if b"HTTP/1.1 " in whole and b"HTTP/1.1 200" not in whole:
            watch.fail(whole[:120].decode(errors="replace"))
        self._characters += sum(map(len, CONTENT.findall(whole)))
        watch.saw(self._characters // WIDTH)
        if b"data: [DONE]" in whole:
            watch.finish()

    def connection_lost(self, error: Exception | None) -> None:
        if self._watch is not None:
            self._watch.fail("the connection was lost")

    async def close(self) -> None:
        self.transport.abort()
