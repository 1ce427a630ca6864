"""The whole product on this machine. `make run` and `make fleet` call it after the set-up.

python -m grump.local            one web process, one worker, SQLite
python -m grump.local fleet      two of each, PostgreSQL
python -m grump.local restart    a new process for each that runs, one after the other, without loss
"""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

from grump.lib import env
from grump.lib.listening import listen
from grump.local import parts, postgres, state
from grump.local.child import show
from grump.local.parts import Installation
from grump.local.paths import ROOT, free_port, var_dir
from grump.local.supervisor import Supervisor
from grump.local.wheels import PartMissing


class CannotStart(SystemExit):
    """One clear line and exit code 1."""


def installation_from_environment(*, fleet: bool = False) -> Installation:
    embedded = env.flag("GRUMP_LOCAL_MODEL", True)
    server = env.choice("GRUMP_SERVER", "daphne", {"daphne", "uvicorn"})
    several = 2 if fleet else 1
    return Installation(
        var=var_dir().absolute(),
        host=env.text("HOST", "127.0.0.1"),
        port=env.integer("PORT", 8000, least=1, most=65535),
        server="uvicorn" if server == "uvicorn" else "daphne",
        redis_url=env.text("REDIS_URL"),
        chat_port=free_port() if embedded and not env.text("LOCAL_BASE_URL") else None,
        embeddings_port=free_port() if embedded and not env.text("LOCAL_EMBEDDINGS_BASE_URL") else None,
        web_processes=env.integer("GRUMP_WEB_PROCESSES", several, least=1, most=64),
        workers=env.integer("GRUMP_WORKERS", several, least=1, most=64),
        drain_seconds=env.integer("DRAIN_SECONDS", 30 if fleet else 3, least=0, most=3600),
    )


def open_the_port(host: str, port: int) -> socket.socket:
    """The socket that every web process accepts on. It stays open here, so that whoever connects while they
    are renewed waits in its queue and is refused by nobody."""
    try:
        return listen(host, port)
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
    for child in supervisor.children.values():
        if child.part.name.startswith("web"):
            await child.was_up.wait()
    words = await asyncio.to_thread(first_password, installation)
    show(
        f"\n  G-Rump is at {installation.address}"
        + (f"\n  {words}" if words else "")
        + "\n  Ctrl-C stops it.\n"
    )


async def _run(installation: Installation) -> None:
    # What an earlier run counted may have been cut off with the machine's power.
    shutil.rmtree(installation.var / "metrics", ignore_errors=True)
    supervisor = Supervisor(parts.parts(installation), installation.var / "logs", state.path())
    announcing = asyncio.create_task(_announce(supervisor, installation))
    await supervisor.run()
    announcing.cancel()


def restart() -> None:
    """Ask the supervisor of this clone for a rolling restart."""
    supervisor = state.supervisor()
    if supervisor is None:
        raise CannotStart(f"nothing runs here: {state.path()} names no supervisor")
    os.kill(supervisor, signal.SIGUSR2)
    show("Asked for; `make run` or `make fleet` says when it is done.")


def main() -> None:
    os.environ.setdefault("GRUMP_DEVELOPMENT", "on")
    os.chdir(ROOT)
    goal = sys.argv[1] if len(sys.argv) > 1 else "run"
    if goal == "restart":
        restart()
        return
    installation = installation_from_environment(fleet=goal == "fleet")
    lock = hold_the_lock(installation.var)
    os.environ["GRUMP_VAR"] = str(installation.var)
    with open_the_port(installation.host, installation.port) as listening:
        installation = replace(installation, listening=listening.fileno())
        try:
            if goal == "fleet" and not env.text("DATABASE_URL"):
                with postgres.embedded(installation.var) as url:
                    _serve(replace(installation, database_url=url))
            else:
                _serve(installation)
        except PartMissing as error:
            raise CannotStart(str(error)) from None
    lock.close()


def _serve(installation: Installation) -> None:
    if installation.database_url:  # the set-up could not know of it
        told = os.environ | installation.environment()
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=told, check=True)
    asyncio.run(_run(installation))


if __name__ == "__main__":
    main()
