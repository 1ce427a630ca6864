"""One life of a supervised process: from its start to its end, and whether it has become ready."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from grump.local.output import Output

_POLL_SECONDS = 0.05
_LAST_WORDS_SECONDS = 1.0  # for output still in the pipe when the process has ended

Probe = Callable[[], Awaitable[bool]]


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
    descriptors: tuple[int, ...] = ()  # open files that it inherits
    renewed: bool = False  # a rolling restart gives it a new process
    overlaps: bool = False  # then the new one is up before the old one is asked to end


class Life:
    """`begin`, then `ended` as a task: it reads what the process writes, and returns its exit code (negative:
    the signal that ended it; 127: it could not be started)."""

    def __init__(self, part: Part, output: Output) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None
        self._output = output
        self._lined = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    async def begin(self) -> int | None:
        """Start it; returns the file descriptor of its output, None where it could not be started."""
        # A pipe of our own: asyncio's would hold `wait` back until grandchildren close it as well.
        reading, writing = os.pipe()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.part.command,
                env={**os.environ, **self.part.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=self.part.descriptors,
                # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends
                # the children in order; and the group's number finds its grandchildren.
                start_new_session=True,
            )
        except OSError as error:
            os.close(reading)
            self._output.last.append(str(error))
            return None
        finally:
            os.close(writing)
        return reading

    async def ended(self, reading: int) -> int:
        assert self.process is not None
        heard = self._output.drain(reading, self.part.ready_line or "$^", self._lined)
        drained = asyncio.create_task(heard)
        readied = asyncio.create_task(self._watch_readiness())
        try:
            return await self.process.wait()
        finally:
            readied.cancel()
            kill_group(self.process.pid)
            await asyncio.wait([drained, readied], timeout=_LAST_WORDS_SECONDS)
            drained.cancel()

    async def _watch_readiness(self) -> None:
        if self.part.ready_line:
            await self._lined.wait()
        elif self.part.probe:
            while not await self.part.probe():  # noqa: ASYNC110 - what it waits for is another process
                await asyncio.sleep(_POLL_SECONDS)
        self.ready.set()

    async def stop(self) -> bool:
        """SIGTERM, then after the part's grace SIGKILL, to the whole group. False: it had to be killed."""
        process = self.process
        if process is None or process.returncode is not None:
            return True
        # To the leader alone: Celery's parent ends its pool itself.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.part.grace)
        except TimeoutError:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            kill_group(self.process.pid)


def kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
