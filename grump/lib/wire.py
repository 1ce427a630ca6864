"""One connection to Valkey that all of an event loop's questions share, for what stands on a turn's way.

redis-py takes a connection from a pool for each question, locks it, times it and hands it back: a quarter of
the CPU time of a whole turn went there. Here questions are written one behind the other, and answers are
dealt out as they come, which is in the order of the questions (RESP); nobody waits for another's answer
before asking. Commands are still spelled, and answers still read, by redis-py; only the carrying is ours.

Not for commands that block (XREAD BLOCK, SUBSCRIBE): everybody behind would wait with them.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Self

import hiredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncCoreCommands
from redis.exceptions import BusyLoadingError, InvalidResponse, ResponseError
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as TookTooLong

from grump.lib.clients import on_loop

LAST_LOOK = 0.002  # seconds

Command = tuple[tuple[Any, ...], dict[str, Any]]


class Wire(AsyncCoreCommands):
    """Every command of redis-py that needs one round trip and no connection of its own. `timeout` in seconds,
    of connecting and of each answer: who waits longer gets redis-py's TimeoutError, and the connection is
    given up. Raises redis-py's ConnectionError where it is lost; the next question connects anew. A question
    that is cancelled disturbs nobody. Serves the loop it is first asked on."""

    _event_dispatcher: Any = None  # the mixin's: who is told of what its pools do

    def __init__(self, url: str, timeout: float, *, decode: bool = False) -> None:
        self._timeout = timeout
        # Never asked itself: it knows how to connect (address, TLS, password, number of the database) and how
        # an answer is to be read.
        self._client: Any = on_loop(
            url,
            protocol=2,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._callbacks: Mapping[Any, Any] = self._client.response_callbacks
        self._encoding = "utf-8" if decode else None
        self._line: _Line | None = None
        self._connecting: asyncio.Task[_Line] | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        (answer,) = await self.ask([(args, options)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pipeline(self, transaction: bool = False) -> "Pipe":
        assert not transaction, "what shares a connection has no transactions"
        return Pipe(self)

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """The answers, in order; a refusal is its ResponseError in its place."""
        line = self._line
        if line is None or line.lost:
            line = await self._connected()
        answers = await line.ask([args for args, _ in commands], self._timeout)
        for number, (args, options) in enumerate(commands):
            read = self._callbacks.get(args[0])
            if read is not None and not isinstance(answers[number], Exception):
                options.pop("keys", None)  # redis-py's own note
                answers[number] = read(answers[number], **options)
        return answers

    async def _connected(self) -> "_Line":
        """All who come while it is made wait for the same one; none of them can cancel it."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect(), name="connect to Valkey")
            # Who waited for it may have given up: what came of it is nobody's then, nor the next one's.
            self._connecting.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> "_Line":
        connection = self._client.connection_pool.make_connection()
        await connection.connect()
        self._line = _Line(connection, self._encoding)
        return self._line

    async def aclose(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
            self._connecting = None
        if self._line is not None:
            await self._line.close()
            self._line = None


class Pipe(AsyncCoreCommands):
    """Commands that go out together, in one piece."""

    _event_dispatcher: Any = None

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._commands: list[Command] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._commands = []

    def execute_command(self, *args: Any, **options: Any) -> None:
        self._commands.append((args, options))

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        commands, self._commands = self._commands, []
        if not commands:
            return []
        answers = await self._wire.ask(commands)
        for answer in answers if raise_on_error else ():
            if isinstance(answer, Exception):
                raise answer
        return answers


class _Asked:
    """Some commands that went out together, and the answers that have come."""

    __slots__ = ("answers", "expected", "future", "timer")
    timer: asyncio.TimerHandle

    def __init__(self, expected: int, future: "asyncio.Future[list[Any]]") -> None:
        self.expected, self.future = expected, future
        self.answers: list[Any] = []


class _Line(asyncio.Protocol):
    """The connection itself. redis-py opened it and said who we are; from then on its bytes come here."""

    def __init__(self, connection: Any, encoding: str | None) -> None:
        self._connection = connection  # held: it closes the socket when it is collected
        self._transport: asyncio.Transport = connection._writer.transport
        self._transport.set_protocol(self)
        self._reader = hiredis.Reader(
            protocolError=InvalidResponse, replyError=refusal, encoding=encoding, errors="replace"
        )
        self._asked: deque[_Asked] = deque()
        self._closed = asyncio.get_running_loop().create_future()
        self.lost = False

    async def ask(self, commands: Sequence[tuple[Any, ...]], within: float) -> list[Any]:
        loop = asyncio.get_running_loop()
        # The clock runs on for who is cancelled: a connection that never answers is to be noticed.
        asked = _Asked(len(commands), loop.create_future())
        asked.timer = loop.call_later(within, self._late, asked)
        self._asked.append(asked)
        self._transport.write(b"".join([hiredis.pack_command(command) for command in commands]))
        return await asked.future

    def data_received(self, data: bytes) -> None:
        reader, waiting = self._reader, self._asked
        try:
            reader.feed(data)
            while waiting:
                answer = reader.gets()
                if answer is False:  # no whole answer; RESP2 has no such value
                    return
                first = waiting[0]
                first.answers.append(answer)
                if len(first.answers) == first.expected:
                    waiting.popleft().timer.cancel()
                    if not first.future.done():
                        first.future.set_result(first.answers)
        except Exception as error:  # what is not RESP cannot be read on
            self._end(ConnectionLost(f"Valkey's answer could not be read: {type(error).__name__}"))

    def connection_lost(self, error: Exception | None) -> None:
        self._end(ConnectionLost("The connection to Valkey was lost"))
        if not self._closed.done():
            self._closed.set_result(None)

    def _late(self, asked: _Asked) -> None:
        """If it was this loop that was held up, the answer is there and unread: it is read first."""
        asked.timer = asyncio.get_running_loop().call_later(LAST_LOOK, self._give_up)

    def _give_up(self) -> None:
        self._end(TookTooLong("Valkey did not answer in time"))

    def _end(self, reason: Exception) -> None:
        """Nobody waits for an answer that will not come, or whose place is no longer known."""
        self.lost = True
        waiting, self._asked = list(self._asked), deque()
        for one in waiting:
            one.timer.cancel()
            if not one.future.done():
                one.future.set_exception(reason)
        self._transport.abort()
        self._connection._close()

    async def close(self) -> None:
        if not self._transport.is_closing():
            self._end(ConnectionLost("The connection to Valkey was closed"))
        await self._closed


def refusal(message: str) -> Exception:
    """While it loads what it kept, Valkey is as good as away; whoever refuses otherwise is there."""
    return BusyLoadingError(message) if message.startswith("LOADING") else ResponseError(message)
