"""Keeps a set of parts running: starts them in order, restarts what crashes, renews them one by one, ends all
of them together."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from grump.local import guard, state
from grump.local.child import Child, Part, show


class Supervisor:
    def __init__(
        self, parts: Iterable[Part], logs: Path, state_file: Path, say: Callable[[str], None] = show
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._state_file = state_file
        self._say = say
        self._stop_asked = asyncio.Event()
        self._rolling: asyncio.Task[bool] | None = None
        self.children = {part.name: Child(part, logs, self._changed, say) for part in parts}

    def _changed(self) -> None:
        state.write((child.state() for child in self.children.values()), self._state_file)

    async def wait_up(self, name: str) -> None:
        """Until the part has been up once."""
        await self.children[name].was_up.wait()

    def stop(self) -> None:
        """Asked once, everything ends in order; asked again, at once."""
        if self._stop_asked.is_set():
            for child in self.children.values():
                child.kill()
        self._stop_asked.set()

    async def run(self) -> None:
        """Run every part until `stop` is called or SIGINT, SIGTERM or SIGHUP comes; SIGUSR2 renews them."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, self.stop)
        loop.add_signal_handler(signal.SIGUSR2, self.restart_rolling)
        watcher = _start_guard()
        pipe = watcher.stdin
        assert pipe is not None

        def tell_guard(sign: str, group: int) -> None:
            pipe.write(f"{sign}{group}\n".encode())
            pipe.flush()

        for child in self.children.values():
            child.groups_changed = tell_guard
        lives = [asyncio.create_task(self._live(child)) for child in self.children.values()]
        await self._stop_asked.wait()
        for child in self.children.values():
            child.restart_no_more()
        if self._rolling is not None:
            await asyncio.wait([self._rolling])
        try:
            await self._end(lives)
        finally:
            self._state_file.unlink(missing_ok=True)
            pipe.close()
            await asyncio.to_thread(watcher.wait)

    def restart_rolling(self) -> None:
        """Give each part that may be renewed a new process, one part after the other; a second call while
        that is under way does nothing."""
        if self._rolling is None or self._rolling.done():
            self._rolling = asyncio.create_task(self._roll(), name="rolling restart")

    async def _roll(self) -> bool:
        for child in self.children.values():
            if self._stop_asked.is_set():
                return False
            if child.part.renewed and child.state().state == "up":
                if not await child.renew():
                    self._say(f"{child.part.name:<10} | its new process did not become ready: stopped there")
                    return False
                self._say(f"{child.part.name:<10} | renewed")
        self._say("Rolling restart done")
        return True

    async def _live(self, child: Child) -> None:
        for name in child.part.needs:
            await self.wait_up(name)
        await child.run()

    async def _end(self, lives: list[asyncio.Task[None]]) -> None:
        self._say("Stopping …")
        for life, child in zip(lives, self.children.values(), strict=True):
            if child.state().state == "waiting":
                life.cancel()
        in_order = sorted(self.children.values(), key=lambda child: child.part.stops)
        for _, together in groupby(in_order, key=lambda child: child.part.stops):
            await asyncio.gather(*(child.stop() for child in together))
        for outcome in await asyncio.gather(*lives, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _start_guard() -> subprocess.Popen[bytes]:
    # Isolated and without site-packages: it is there in 15 ms and holds 7 MB.
    command = [sys.executable, "-I", "-S", str(Path(guard.__file__))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
