"""A WebSocket client (RFC 6455) that speaks just enough of the product's protocol to ask and to count.

The usual libraries cost several microseconds a frame, which would be measured as the product's.
"""

import asyncio
import base64
import os
import struct
from typing import Self, cast
from uuid import uuid4

import orjson

from tests.bench.watch import Failed, Watch
from tests.fakes.words import WIDTH

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


def masked(opcode: int, payload: bytes) -> bytes:
    """One client frame. A mask of zeroes is a valid mask, and is free."""
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, 0x80 | size])
    else:
        head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack("!H", size)
    return head + b"\0\0\0\0" + payload


class WebSocketConnection(asyncio.Protocol):
    """One socket of one user; one answer at a time."""

    transport: asyncio.Transport
    models = ""  # what stands before a scenario's name in this server's catalogue

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._open = False
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._characters = 0
        self._watch: Watch | None = None

    @classmethod
    async def open(cls, port: int, path: str, cookie: str = "", models: str = "") -> Self:
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        connection.models = models
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Origin: http://127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *([f"Cookie: {cookie}"] if cookie else []),
        ]
        connection.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await asyncio.wait_for(connection._opened, 30)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, model: str, prompt: str) -> Watch:
        self._characters = 0
        self._watch = Watch(prompt)
        frame = {
            "type": "chat.send",
            "client_message_id": str(uuid4()),
            "text": prompt,
            "model": self.models + model,
        }
        self.transport.write(masked(TEXT, orjson.dumps(frame)))
        return self._watch

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._open and not self._upgrade():
            return
        position = 0
        while len(buffer) - position >= 2:
            opcode, size, start = buffer[position] & 0x0F, buffer[position + 1], position + 2
            if size == 126:
                if len(buffer) < start + 2:
                    break
                size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif size == 127:
                if len(buffer) < start + 8:
                    break
                size, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if len(buffer) < start + size:
                break
            position = start + size
            self._frame(opcode, bytes(buffer[start:position]))
        del buffer[:position]

    def _upgrade(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[: self._buffer.find(b"\r\n")]).decode()
        del self._buffer[: end + 4]
        if " 101 " in status:
            self._open = True
            self._opened.set_result(None)
        elif not self._opened.done():
            self._opened.set_exception(Failed(f"the socket was refused: {status}"))
        return self._open

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.transport.write(masked(PONG, payload))
        watch = self._watch
        if opcode != TEXT or watch is None:
            return
        frame = orjson.loads(payload)
        match frame["type"]:
            case "chat.delta":
                self._characters += len(frame.get("text") or "")
                watch.saw(self._characters // WIDTH)
            case "chat.done":
                watch.finish()
            case "chat.error":
                watch.fail(f"{frame['code']}: {frame['message']}")

    def connection_lost(self, error: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(Failed("the connection was lost before the upgrade"))
        if self._watch is not None:
            self._watch.fail("the connection was lost")

    async def close(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(masked(CLOSE, b"\x03\xe8"))
            self.transport.close()
