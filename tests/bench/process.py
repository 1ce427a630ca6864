"""Processes under test: started on their own core, awaited, weighed, stopped."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tests.lifeline import die_with_parent

SERVER_CORE, LOAD_CORE = 0, 1
ROOT = Path(__file__).resolve().parents[2]


class NotReady(Exception):
    """The process ended, or did not listen in time; the message holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pin_to_load_core() -> None:
    """This process, the load client, stays away from the server's core."""
    if os.cpu_count() == 1 or shutil.which("taskset") is None:
        raise SystemExit("The benchmark needs two cores and `taskset`.")
    os.sched_setaffinity(0, {LOAD_CORE})


class Process:
    """A child in its own process group; its output goes to `log`."""

    def __init__(self, command: Sequence[str], *, core: int, log: Path, env: Mapping[str, str] | None = None):
        self.command, self.log = " ".join(command), log
        with log.open("wb") as output:
            self._child = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # a benchmark that dies leaves no server behind
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    def wait_for_port(self, port: int, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._child.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise NotReady(f"{self.command}: {self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def cpu_seconds(self) -> float:
        """User and system time of the process and its children so far."""
        total = 0.0
        for process in self._family():
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def memory_bytes(self) -> int:
        """Proportional set size: shared pages count once among those who share them."""
        return sum(process.memory_full_info().pss for process in self._family())

    def _family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> None:
        if self._child.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._child.wait()


def run_to_end(command: Sequence[str], env: Mapping[str, str]) -> str:
    """What it wrote. Raises NotReady with it, where the command failed."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode:
        raise NotReady(f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def asgi_command(server: str, application: str, port: int) -> list[str]:
    if server == "daphne":
        return [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), application]
    return [
        *[sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port)],
        *["--log-level", "warning", "--loop", "uvloop", "--http", "httptools", application],
    ]
