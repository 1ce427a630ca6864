"""What is written to a socket under daphne: framed in one step, and sent at the end of the loop's round.

autobahn, with which daphne speaks WebSocket, colours words of a log line that nobody reads, for each frame;
Twisted waits first to be told that the socket may be written to, and then asks not to be told any more. Both
together are a fifth of the CPU of a process that streams, and stand before each first word.
"""

import asyncio
from collections.abc import Callable
from typing import Any


def text_frame(text: str) -> bytes:
    """One whole, unmasked text message (RFC 6455, 5.2). Pure."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return b"\x81" + length.to_bytes(1, "big") + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


class Promptly:
    """From here on `transport` (Twisted's, over TCP) sends first, and waits only where not all could go."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._wait: Callable[[], None] = transport.startWriting
        self._loop = asyncio.get_running_loop()
        self._due = False
        transport.startWriting = self._soon

    def leave(self) -> None:
        """From here on as Twisted has it; each held the other."""
        self._transport.__dict__.pop("startWriting", None)

    def _soon(self) -> None:
        if not self._due:
            self._due = True
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        self._due = False
        if self._transport.fileno() == -1:
            return  # closed meanwhile
        try:
            trouble = self._transport.doWrite()
        except Exception:
            trouble = True
        # What is wrong, the reactor meets again and knows what to do; so with the end of a connection.
        if trouble or self._transport.dataBuffer:
            self._wait()
