"""The connections to one provider's address: made when all are busy, kept a while when they are not.

There is no bound on them: how much a provider is asked at once is admission's affair (gate.py), and a bound
here would make a stream wait for the end of another.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohappyeyeballs

from chat.gateway.providers.connection import Connection
from chat.gateway.providers.dialect import HttpCall

KEEP_ALIVE = 30.0  # seconds an idle connection is kept; servers close theirs after 5 to 75
KNOWN = 10.0  # seconds that an address, once looked up, is used again
LAST_WORDS = 1.0  # seconds for sockets to close when all of it ends
NEXT_ADDRESS = 0.25  # seconds before the next address of a name is tried beside the first

# Compressed answers would come late (in blocks) and could be bombs.
_OURS = {"accept-encoding": "identity"}
_USUAL = {"accept": "*/*", "user-agent": "G-Rump"}


class Unreached(OSError):
    """Nobody was there: no address, no connection, no TLS, or not in time."""


class Unspeakable(Unreached):
    """The address, or a header, cannot be said in HTTP."""


class Pool:
    """`base_url` is where all calls go; `connect` in seconds bounds name look-up, TCP and TLS together.
    Serves the loop it is first asked on."""

    def __init__(self, base_url: str, connect: float, verify: ssl.SSLContext | None) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if verify else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._connect_within = connect
        self._verify = verify
        self._idle: deque[tuple[float, Connection]] = deque()  # since when, and which; the latest last
        self._all: set[Connection] = set()
        self._looking: asyncio.Task[Any] | None = None
        self._looked_at = 0.0
        self._sweeping: asyncio.TimerHandle | None = None

    async def ask(self, call: HttpCall) -> Connection:
        """The connection on which the answer's head has come; to be given back. Raises Unreached where no
        connection could be had, and connection.Broken where it was lost."""
        request = spelled(call, self._authority)
        connection = self._kept() or await self._connected()
        try:
            await connection.ask(request)
        except BaseException:
            self.give_back(connection)
            raise
        return connection

    def give_back(self, connection: Connection) -> None:
        """Before the end of its body this closes it, and the provider stops working."""
        if not connection.release():
            self._all.discard(connection)
            return
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), connection))
        if self._sweeping is None:
            self._sweeping = loop.call_later(KEEP_ALIVE, self._sweep)

    async def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        if self._looking is not None:
            self._looking.cancel()
        self._idle.clear()
        closing, self._all = self._all, set()
        for connection in closing:
            connection.close()
        if closing:
            await asyncio.wait([connection.closed for connection in closing], timeout=LAST_WORDS)

    def _kept(self) -> Connection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_lost:
                self._all.discard(connection)
            elif since + KEEP_ALIVE > asyncio.get_running_loop().time():
                return connection
            else:
                self._drop(connection)
        return None

    def _sweep(self) -> None:
        """Close what was idle for too long; what is used again soon is never looked at."""
        loop = asyncio.get_running_loop()
        while self._idle and (self._idle[0][1].is_lost or self._idle[0][0] + KEEP_ALIVE <= loop.time()):
            self._drop(self._idle.popleft()[1])
        next_at = self._idle[0][0] + KEEP_ALIVE if self._idle else None
        self._sweeping = None if next_at is None else loop.call_at(next_at, self._sweep)

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._all.discard(connection)

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_within):
                addresses = await self._addresses()
                found = await aiohappyeyeballs.start_connection(
                    addresses, happy_eyeballs_delay=NEXT_ADDRESS, interleave=1, loop=loop
                )
                found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                _, connection = await loop.create_connection(
                    Connection,
                    sock=found,
                    ssl=self._verify,
                    server_hostname=self._host if self._verify else None,
                )
        except (OSError, ValueError) as error:  # TimeoutError and what ssl raises are among them
            self._looking = None
            raise Unreached(type(error).__name__) from None
        self._all.add(connection)
        return connection

    async def _addresses(self) -> Any:
        """All who connect at the same time wait for the same look-up; none of them can cancel it."""
        loop = asyncio.get_running_loop()
        if self._looking is None or self._looked_at + KNOWN <= loop.time():
            self._looked_at = loop.time()
            self._looking = loop.create_task(
                loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM), name="look up a provider"
            )
            # Who waited for it may have given up: what came of it is nobody's then.
            self._looking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return await asyncio.shield(self._looking)


def spelled(call: HttpCall, authority: str) -> bytes:
    """The request as it goes over the wire. Raises Unspeakable for what would be another request than the
    one that is meant: a line break in a header, a space in the address. Pure."""
    parts = urlsplit(call.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    given: Mapping[str, str] = {name.lower(): value for name, value in call.headers.items()}
    headers = {**_USUAL, **given, **_OURS, "host": authority, "content-length": str(len(call.body))}
    lines = [f"{call.method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()]]
    head = "\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count("\r") != breaks or head.count("\n") != breaks or "\0" in head or lines[0].count(" ") != 2:
        raise Unspeakable("not HTTP")
    return head.encode() + b"\r\n\r\n" + call.body
