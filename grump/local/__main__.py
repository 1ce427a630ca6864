"""`python -m grump.local`: the whole product on this machine. `make run` calls it after the set-up."""

import asyncio
import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

from grump.lib import env
from grump.local import parts, state
from grump.local.child import show
from grump.local.parts import Installation
from grump.local.paths import ROOT, free_port, var_dir
from grump.local.supervisor import Supervisor
from grump.local.wheels import PartMissing


class CannotStart(SystemExit):
    """One clear line and exit code 1."""


def installation_from_environment() -> Installation:
    embedded = env.flag("GRUMP_LOCAL_MODEL", True)
    server = env.choice("GRUMP_SERVER", "daphne", {"daphne", "uvicorn"})
    return Installation(
        var=var_dir().absolute(),
        host=env.text("HOST", "127.0.0.1"),
        port=env.integer("PORT", 8000, least=1, most=65535),
        server="uvicorn" if server == "uvicorn" else "daphne",
        redis_url=env.text("REDIS_URL"),
        chat_port=free_port() if embedded and not env.text("LOCAL_BASE_URL") else None,
        embeddings_port=free_port() if embedded and not env.text("LOCAL_EMBEDDINGS_BASE_URL") else None,
    )


def refuse_a_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            # As the server will: connections that linger after a stop do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CannotStart(
            f"PORT: {host}:{port} cannot be used ({error.strerror}); choose another: PORT={port + 1} make run"
        ) from None


def hold_the_lock(var: Path) -> IO[str]:
    """One supervisor a directory; the lock is held as long as the file returned is open."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = (var / "supervisor.lock").open("w")
    except OSError as error:
        raise CannotStart(f"GRUMP_VAR: {var} cannot be written ({error.strerror})") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(f"{var} is in use: another `make run` of this clone is running") from None
    return lock


def first_password(installation: Installation) -> str:
    """Create the administrator where there is none; what to tell the person, or an empty text."""
    asked = installation.var / "stamps" / "administrator"
    if asked.exists():
        return ""
    command = [sys.executable, str(ROOT / "manage.py"), "ensure_admin"]
    done = subprocess.run(
        command, env=os.environ | installation.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        asked.parent.mkdir(exist_ok=True)
        asked.touch()
    return (
        done.stdout.strip() if done.returncode == 0 else f"No administrator yet: {done.stderr.strip()[-300:]}"
    )


async def _announce(supervisor: Supervisor, installation: Installation) -> None:
    await supervisor.wait_up("web")
    words = await asyncio.to_thread(first_password, installation)
    show(
        f"\n  G-Rump is at {installation.address}"
        + (f"\n  {words}" if words else "")
        + "\n  Ctrl-C stops it.\n"
    )


async def _run(installation: Installation) -> None:
    supervisor = Supervisor(parts.parts(installation), installation.var / "logs", state.path())
    announcing = asyncio.create_task(_announce(supervisor, installation))
    await supervisor.run()
    announcing.cancel()


def main() -> None:
    os.environ.setdefault("GRUMP_DEVELOPMENT", "on")
    os.chdir(ROOT)
    installation = installation_from_environment()
    refuse_a_taken_port(installation.host, installation.port)
    lock = hold_the_lock(installation.var)
    os.environ["GRUMP_VAR"] = str(installation.var)
    try:
        asyncio.run(_run(installation))
    except PartMissing as error:
        raise CannotStart(str(error)) from None
    lock.close()


if __name__ == "__main__":
    main()
