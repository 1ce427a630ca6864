"""One supervised part: started, watched, restarted with growing pauses, renewed, ended."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from grump.local.life import Life, Part, Probe
from grump.local.output import Output
from grump.local.state import ChildState, State

__all__ = ["Child", "Part", "Probe", "pause", "show"]

HEALTHY_SECONDS = 60.0  # a child that lived this long starts afresh: its earlier crashes are forgotten
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart
TRIES = 5  # crashes in a row after which the child counts as failed; it is still tried
RENEWED_WITHIN = 60.0  # seconds for the new process of a rolling restart to become ready


def pause(crashes: int) -> float:
    """Seconds to wait after the n-th crash in a row (n from 1): 0.5, 1, 2 … 30."""
    return min(FIRST_PAUSE * 2.0 ** min(crashes - 1, 16), LONGEST_PAUSE)


class Child:
    def __init__(
        self, part: Part, logs: Path, changed: Callable[[], None], show: Callable[[str], None]
    ) -> None:
        self.part = part
        self.restarts = 0
        self.was_up = asyncio.Event()
        self._state: State = "waiting"
        self._since = time.time()
        self._output = Output(part.name, logs, show)
        self._life = Life(part, self._output)
        self._leaving: dict[Life, asyncio.Task[None]] = {}  # lives before the present one
        self._renewing = False
        self._renewed = asyncio.Event()  # a rolling restart has come to its end, well or not
        self._ended: asyncio.Task[int] | None = None
        self._stopping = asyncio.Event()
        self._changed = changed
        self._show = show
        self.groups_changed: Callable[[str, int], None] = lambda sign, group: None

    def state(self) -> ChildState:
        return ChildState(self.part.name, self._state, self.restarts, self._since, self._life.pid)

    def _enter(self, state: State) -> None:
        self._state, self._since = state, time.time()
        if state == "up":
            self.was_up.set()
        self._changed()

    # --- One life after the other ---

    async def run(self) -> None:
        """Until `stop`: start, wait for the end, pause, start again."""
        crashes = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._live_on()
            if self._stopping.is_set():
                break
            crashes = 1 if time.monotonic() - began > HEALTHY_SECONDS else crashes + 1
            self._tell_crash(code, pause(crashes))
            self._enter("failed" if crashes >= TRIES else "restarting")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause(crashes))
            self.restarts += 1
        if self._leaving:
            await asyncio.wait(list(self._leaving.values()))
        self._enter("stopped")
        self._output.close()

    async def _live_on(self) -> int:
        """Until the present process ends without another having taken its place; returns its exit code."""
        self._life = life = Life(self.part, self._output)
        ended = await self._start(life)
        if ended is None:
            return 127
        self._ended = ended
        self._enter("starting")
        if self._stopping.is_set() and life.process:  # asked to stop while it was being born
            life.process.terminate()
        upped = asyncio.create_task(self._up_when_ready(life))
        try:
            while True:
                ended = self._ended
                renewed = asyncio.create_task(self._renewed.wait())
                await asyncio.wait({ended, renewed}, return_when=asyncio.FIRST_COMPLETED)
                renewed.cancel()
                if self._renewing:  # that it has ended may be meant: see whether another comes
                    await self._renewed.wait()
                self._renewed.clear()
                if self._ended is ended and ended.done():
                    return ended.result()
        finally:
            upped.cancel()

    async def _start(self, life: Life) -> asyncio.Task[int] | None:
        reading = await life.begin()
        if reading is None or life.process is None:
            return None
        return asyncio.create_task(self._see_out(life, reading, life.process.pid), name=self.part.name)

    async def _see_out(self, life: Life, reading: int, group: int) -> int:
        self.groups_changed("+", group)
        try:
            return await life.ended(reading)
        finally:
            self.groups_changed("-", group)

    async def _up_when_ready(self, life: Life) -> None:
        await life.ready.wait()
        self._enter("up")

    def _tell_crash(self, code: int, seconds: float) -> None:
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._show(f"{self.part.name:<10} | stopped ({how}); starting again in {seconds:g} s")
        if code and not self._output.shown:  # its last words may say what is wrong
            for line in list(self._output.last)[-3:]:
                self._show(f"{self.part.name:<10} |   {line}")

    # --- A rolling restart ---

    async def renew(self) -> bool:
        """Put a new process in the present one's place. False: the new one did not become ready, and where
        the two may overlap the old one goes on as if nothing had been."""
        self._renewing = True
        try:
            return await self._renew(self._life, self._ended)
        finally:
            self._renewing = False
            self._renewed.set()

    async def _renew(self, before: Life, before_ended: asyncio.Task[int] | None) -> bool:
        if not self.part.overlaps:
            await before.stop()
            if before_ended is not None:
                await asyncio.wait([before_ended])
        life = Life(self.part, self._output)
        ended = await self._start(life)
        if ended is None:
            return False
        readied = asyncio.create_task(life.ready.wait())
        await asyncio.wait({readied, ended}, timeout=RENEWED_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        readied.cancel()
        if not life.ready.is_set() or self._stopping.is_set():
            life.kill()
            await asyncio.wait([ended])
            return False
        self._life, self._ended = life, ended
        self._enter("up")
        leaving = self._leaving[before] = asyncio.create_task(self._leave(before))
        leaving.add_done_callback(lambda _: self._leaving.pop(before, None))
        return True

    async def _leave(self, life: Life) -> None:
        if not await life.stop():
            self._tell_killed()

    # --- The end ---

    def restart_no_more(self) -> None:
        """Let it run on; when it ends, that was its last life."""
        self._stopping.set()

    async def stop(self) -> None:
        """SIGTERM, then after the part's grace SIGKILL, to the whole group."""
        self.restart_no_more()
        await self._leave(self._life)

    def kill(self) -> None:
        self.restart_no_more()
        for life in (self._life, *self._leaving):
            life.kill()

    def _tell_killed(self) -> None:
        self._show(f"{self.part.name:<10} | did not stop in {self.part.grace:g} s: killed")


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
