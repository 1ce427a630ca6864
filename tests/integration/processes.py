"""An installation on disk and its web processes, each with the command that `make run` would give it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import psycopg
from django.conf import settings

from grump.local.parts import Installation, parts
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
    """A database of its own, the run's Valkey, one catalogue: what several web processes share.

    `environment` is told to every process on top of what this test run has.
    """

    def __init__(
        self,
        var: Path,
        catalogue: Path,
        environment: Mapping[str, str] | None = None,
        *,
        is_empty: bool = False,  # no tables yet
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
        if server := os.environ.get("DATABASE_URL"):
            self.environment["DATABASE_URL"] = _a_new_database(server)
        self._processes: list[WebProcess] = []
        if not is_empty:
            self.manage("migrate", "--verbosity", "0")

    def start(self, server: Server = "daphne", port: int | None = None) -> "WebProcess":
        process = WebProcess(self, server, port or free_port())
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


class WebProcess:
    def __init__(self, house: House, server: Server, port: int) -> None:
        self.house, self.server, self.port = house, server, port
        installation = Installation(house.var, "127.0.0.1", port, server, redis_url=settings.REDIS_URL)
        web = next(part for part in parts(installation) if part.name == "web")
        self.log = house.var / f"web-{port}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                web.command,
                cwd=ROOT,
                env={**web.environment, **house.environment, "GRUMP_VAR": str(house.var)},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()

    def wait_until_it_answers(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                if self.get("/api/health/live").status == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)  # between two looks
        raise NotReady(f"{self.server}: {self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        """`kill -9`: no chance to say good-bye."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> float:
        """SIGTERM; returns after how many seconds the process had ended."""
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(30)
        return time.monotonic() - began


def _a_new_database(server: str) -> str:
    name = f"integration_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    address, _, options = server.partition("?")
    return f"{address.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
