"""An installation on disk and its web processes, each with the command that `make run` would give it."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import psycopg

from grump.local import state
from grump.local.parts import Installation, parts
from tests.integration.own_valkey import OwnValkey
from tests.lifeline import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
Server = Literal["daphne", "uvicorn"]


class NotReady(Exception):
    """The process ended, or did not listen in time; the message holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    """A database and a Valkey of its own, one catalogue: what several web processes share. Not the run's
    Valkey: a worker that outlives its fleet would take tasks from the queue of tests that are not its own.

    `environment` is told to every process on top of what this test run has.
    """

    def __init__(
        self,
        var: Path,
        catalogue: Path,
        environment: Mapping[str, str] | None = None,
        *,
        is_empty: bool = False,  # no tables yet
        database: bool = True,
    ) -> None:
        self.var = var
        self.environment = {
            **os.environ,
            "GRUMP_CATALOG": str(catalogue),
            "GRUMP_LOCAL_MODEL": "off",
            # Most tests here ask more at once than a guest may; those about quotas say so.
            "GRUMP_GUEST_PLAN": "unlimited",
            **(environment or {}),
        }
        self._processes: list[Web] = []
        self._valkey: OwnValkey | None = None
        if "REDIS_URL" not in (environment or {}):
            self._valkey = OwnValkey(self._valkey_folder())
            self.environment["REDIS_URL"] = self._valkey.url
        if not database:  # a fleet brings its own
            self.environment.pop("DATABASE_URL", None)
            return
        if server := os.environ.get("DATABASE_URL"):
            self.environment["DATABASE_URL"] = _a_new_database(server)
        elif os.environ.get("GRUMP_TEST_FLEET"):
            raise NotReady("a fleet's processes share PostgreSQL: set GRUMP_TEST_DATABASE=postgres as well")
        if not is_empty:
            self.manage("migrate", "--verbosity", "0")

    def start(self, server: Server = "daphne", port: int | None = None) -> "Web":
        """A web process; with GRUMP_TEST_FLEET a whole fleet in its place, that the tests take for one."""
        kind = Fleet if os.environ.get("GRUMP_TEST_FLEET") else WebProcess
        # The time that a web process alone has under test: tests wait for its end.
        more = {"DRAIN_SECONDS": "3"} if kind is Fleet else {}
        process = kind(self, server, port or free_port(), **more)
        self._processes.append(process)
        process.wait_until_it_answers()
        return process

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """Run a Python program on this installation; returns what it wrote."""
        told = {**self.environment, "GRUMP_VAR": str(self.var)}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotReady(f"{' '.join(arguments)}: {(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        if self._valkey is not None:
            self._valkey.kill()

    def _valkey_folder(self) -> Path:
        folder = self.var / "own-valkey"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Web:
    """What listens on a port, whether one process or a fleet of them."""

    house: House
    port: int
    log: Path
    name: str
    ends_within = 3.0 + 7.0  # seconds after SIGTERM: an answer's in development, and what a busy machine adds
    _process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def pid(self) -> int:
        """Of what was started: a process that serves, or a fleet's supervisor."""
        return self._process.pid

    @property
    def serving(self) -> list[int]:
        """The processes that serve."""
        return [self.pid]

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def wait_until_it_answers(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                if self.get("/api/health/live").status == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)  # between two looks
        raise NotReady(f"{self.name}: {self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def logs(self) -> str:
        """All that its processes have written."""
        return self.log.read_text()

    def kill(self) -> None:
        """`kill -9`: no chance to say good-bye."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> float:
        """SIGTERM; returns after how many seconds the process had ended."""
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(60)
        return time.monotonic() - began

    def _start(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.log = self.house.var / f"web-{self.port}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**environment, **self.house.environment, "GRUMP_VAR": str(self.house.var)},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )


class WebProcess(Web):
    def __init__(self, house: House, server: Server, port: int) -> None:
        self.house, self.name, self.port = house, server, port
        installation = Installation(
            house.var, "127.0.0.1", port, server, redis_url=house.environment["REDIS_URL"]
        )
        web = next(part for part in parts(installation) if part.name == "web")
        self._start(web.command, web.environment)


class Fleet(Web):
    """The supervisor with two web processes on one port, as `make fleet` starts it. Its PostgreSQL is its own
    where the house names no database."""

    ends_within = 3.0 + 20.0  # its workers, beat and PostgreSQL end after the web processes

    def __init__(self, house: House, server: Server, port: int, **environment: str) -> None:
        self.house, self.name, self.port = house, f"a fleet on {server}", port
        self.var = house.var / f"fleet-{port}"
        told = {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "GRUMP_SERVER": server,
            "REDIS_URL": house.environment["REDIS_URL"],
        }
        self._start([sys.executable, "-m", "grump.local", "fleet"], told | environment)

    def _start(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.var.mkdir(exist_ok=True)
        self.log = self.var / "supervisor.log"
        told = {**self.house.environment, **environment, "GRUMP_VAR": str(self.var)}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=told, stdout=output, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def kill(self) -> None:
        """Everything at once: a supervisor that is killed alone has its guard end the others, politely."""
        for child in self.children().values():
            if child.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
        super().kill()

    def logs(self) -> str:
        return "".join(path.read_text() for path in [self.log, *(self.var / "logs").iterdir()])

    def wait_until_it_answers(self, seconds: float = 90) -> None:
        super().wait_until_it_answers(seconds)
        self.until(lambda: f"is at {self.url}" in self.last_words(), seconds)  # every process is up

    def until(self, true: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NotReady(f"{self.name}: {self.last_words()}")
            time.sleep(0.05)  # between two looks

    def restart(self) -> None:
        """Ask for a rolling restart; `restarted` says when it is done."""
        self._process.send_signal(signal.SIGUSR2)

    def restarted(self) -> bool:
        return "Rolling restart done" in self.last_words()

    @property
    def serving(self) -> list[int]:
        children = self.children().items()
        return [child.pid for name, child in children if name.startswith("web") and child.pid is not None]

    def children(self) -> dict[str, state.ChildState]:
        return state.read(self.var / "supervisor.json")


def _a_new_database(server: str) -> str:
    name = f"integration_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    address, _, options = server.partition("?")
    return f"{address.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
