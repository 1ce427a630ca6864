"""A child's output: all of it to a log of bounded size, warnings and errors to the terminal as well."""

import asyncio
import os
import re
from collections import deque
from collections.abc import Callable
from logging import INFO, LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 2_000_000  # a file; one older file is kept beside it

_LEVEL = re.compile(r"\b(DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL)\b")
_LOUD = {"WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"}
# "12:M 01 Jan 2026 00:00:00.000 # text". Its loudest level, "#", tells of every start and stop as well.
_VALKEY = re.compile(r"^\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ ([.\-*#]) ")
_ACCESS = re.compile(r"^\S+ - - \[")  # daphne's line for a request: it has no level
_TROUBLE = re.compile(r"error|fatal|fail|can't|cannot|bad file|corrupt", re.IGNORECASE)


def loud(line: str, before: bool) -> bool:
    """Whether a person should see the line. One without a level continues the line `before` it."""
    if match := _VALKEY.match(line):
        return match[1] == "#" and bool(_TROUBLE.search(line)) and "overcommit" not in line
    if match := _LEVEL.search(line[:120]):
        return match[1] in _LOUD
    return line.startswith("Traceback") or (before and not _ACCESS.match(line))


class Output:
    """Drains one child's output for as long as it runs, over all its restarts."""

    def __init__(self, name: str, logs: Path, show: Callable[[str], None]) -> None:
        self.name = name
        self.last: deque[str] = deque(maxlen=5)
        self._show = show
        self.shown = False  # whether the latest line went to the terminal
        self._log = RotatingFileHandler(
            logs / f"{name}.log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True
        )

    async def drain(self, pipe: int, awaited: str, seen: asyncio.Event) -> None:
        """Read the pipe's file descriptor to its end, and close it; set `seen` when a line matches."""
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        file = os.fdopen(pipe, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
        try:
            await self.take_all(stream, re.compile(awaited), seen)
        finally:
            transport.close()

    async def take_all(
        self, stream: asyncio.StreamReader, awaited: re.Pattern[str], seen: asyncio.Event
    ) -> None:
        self.shown = False
        while line := await _line(stream):
            text = line.decode(errors="replace").rstrip()
            self._take(text)
            if awaited.search(text):
                seen.set()

    def _take(self, line: str) -> None:
        self._log.emit(LogRecord(self.name, INFO, "", 0, line, None, None))
        if not line:
            return
        self.last.append(line)
        self.shown = loud(line, self.shown)
        if self.shown:
            self._show(f"{self.name:<10} | {line}")

    def close(self) -> None:
        self._log.close()


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as long:  # a line beyond 64 KB comes in pieces
        return await stream.readexactly(long.consumed)
