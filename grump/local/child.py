"""One supervised process: started, watched, restarted with growing pauses, ended."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grump.local.output import Output
from grump.local.state import ChildState, State

HEALTHY_SECONDS = 60.0  # a child that lived this long starts afresh: its earlier crashes are forgotten
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart
TRIES = 5  # crashes in a row after which the child counts as failed; it is still tried
_POLL_SECONDS = 0.05
_LAST_WORDS_SECONDS = 1.0  # for output still in the pipe when the process has ended

Probe = Callable[[], Awaitable[bool]]


def pause(crashes: int) -> float:
    """Seconds to wait after the n-th crash in a row (n from 1): 0.5, 1, 2 … 30."""
    return min(FIRST_PAUSE * 2.0 ** min(crashes - 1, 16), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Part:
    """What to run. Ready when `probe` says so or a line of output matches `ready_line`; else at once."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # parts that must have been up before this one's first start
    probe: Probe | None = None
    ready_line: str = ""
    stops: int = 1  # parts with a smaller number are asked to stop first
    grace: float = 4.0  # seconds between SIGTERM and SIGKILL


class Child:
    def __init__(
        self, part: Part, logs: Path, changed: Callable[[], None], show: Callable[[str], None]
    ) -> None:
        self.part = part
        self.restarts = 0
        self.was_up = asyncio.Event()
        self._state: State = "waiting"
        self._since = time.time()
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._output = Output(part.name, logs, show)
        self._changed = changed
        self._show = show
        self.groups_changed: Callable[[str, int], None] = lambda sign, group: None

    def state(self) -> ChildState:
        return ChildState(self.part.name, self._state, self.restarts, self._since, self._pid())

    def _pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    def _enter(self, state: State) -> None:
        self._state, self._since = state, time.time()
        if state == "up":
            self.was_up.set()
        self._changed()

    async def run(self) -> None:
        """Until `stop`: start, wait for the end, pause, start again."""
        crashes = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._live_once()
            if self._stopping.is_set():
                break
            crashes = 1 if time.monotonic() - began > HEALTHY_SECONDS else crashes + 1
            self._tell_crash(code, pause(crashes))
            self._enter("failed" if crashes >= TRIES else "restarting")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause(crashes))
            self.restarts += 1
        self._enter("stopped")
        self._output.close()

    async def _live_once(self) -> int:
        """One life of the process; returns its exit code (negative: the signal that ended it)."""
        self._output.await_line(self.part.ready_line or "$^")
        # A pipe of our own: asyncio's would hold `wait` back until grandchildren close it as well.
        reading, writing = os.pipe()
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self.part.command,
                env={**os.environ, **self.part.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=asyncio.subprocess.STDOUT,
                # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends
                # the children in order; and the group's number finds its grandchildren.
                start_new_session=True,
            )
        except OSError as error:
            os.close(reading)
            self._output.last.append(str(error))
            return 127
        finally:
            os.close(writing)
        self.groups_changed("+", process.pid)
        self._enter("starting")
        if self._stopping.is_set():  # asked to stop while it was being born
            process.terminate()
        drained = asyncio.create_task(self._output.drain(reading))
        readied = asyncio.create_task(self._watch_readiness())
        try:
            return await process.wait()
        finally:
            readied.cancel()
            self._kill_group(process.pid)
            await asyncio.wait([drained, readied], timeout=_LAST_WORDS_SECONDS)
            drained.cancel()
            self.groups_changed("-", process.pid)

    async def _watch_readiness(self) -> None:
        if self.part.ready_line:
            await self._output.seen.wait()
        elif self.part.probe:
            while not await self.part.probe():  # noqa: ASYNC110 - what it waits for is another process
                await asyncio.sleep(_POLL_SECONDS)
        self._enter("up")

    def _tell_crash(self, code: int, seconds: float) -> None:
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._show(f"{self.part.name:<10} | stopped ({how}); starting again in {seconds:g} s")
        if code and not self._output.shown:  # its last words may say what is wrong
            for line in list(self._output.last)[-3:]:
                self._show(f"{self.part.name:<10} |   {line}")

    def restart_no_more(self) -> None:
        """Let it run on; when it ends, that was its last life."""
        self._stopping.set()

    async def stop(self) -> None:
        """SIGTERM, then after the part's grace SIGKILL, to the whole group."""
        self.restart_no_more()
        process = self._process
        if process is None or process.returncode is not None:
            return
        # To the leader alone: Celery's parent ends its pool itself.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.part.grace)
        except TimeoutError:
            self._show(f"{self.part.name:<10} | did not stop in {self.part.grace:g} s: killed")
            self.kill()

    def kill(self) -> None:
        self.restart_no_more()
        if self._process is not None and self._process.returncode is None:
            self._kill_group(self._process.pid)

    @staticmethod
    def _kill_group(group: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
