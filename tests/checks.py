"""`make check`: everything about the code that can be told without running its tests."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
MANAGE = [sys.executable, "manage.py"]
# As an operator would set it, so that `check --deploy` judges what runs in production.
PRODUCTION = {
    "SECRET_KEY": "checked-but-never-used-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "ALLOWED_HOSTS": "chat.example.org",
    "GRUMP_DEVELOPMENT": "off",
    "DEBUG": "off",
}


def checks() -> list[tuple[str, list[str], Mapping[str, str]]]:
    """Title, command, and what the command's environment has beside this one's."""
    development = {"GRUMP_DEVELOPMENT": "on"}
    found: list[tuple[str, list[str], Mapping[str, str]]] = [
        ("format", [str(BIN / "ruff"), "format", "--check", "."], {}),
        ("lint", [str(BIN / "ruff"), "check", "."], {}),
        ("types", [str(BIN / "mypy")], development),
        ("import layers", [str(BIN / "lint-imports")], {}),
        ("migrations in sync", [*MANAGE, "makemigrations", "--check", "--dry-run"], development),
        ("ready to deploy", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ]
    if Path("tests/test_docs.py").exists():
        found.append(("docs in sync", [sys.executable, "-m", "pytest", "-q", "tests/test_docs.py"], {}))
    package = Path("package.json")
    if package.exists() and "check" in json.loads(package.read_text()).get("scripts", {}):
        found.append(("browser types", ["npm", "run", "--silent", "check"], {}))
    found.append(("dependency audit", [sys.executable, "-m", "tests.dependencies"], {}))
    return found


def main() -> int:
    os.chdir(ROOT)
    failed = []
    with tempfile.TemporaryDirectory() as var:
        for title, command, environment in checks():
            began = time.monotonic()
            done = subprocess.run(
                command,
                env={**os.environ, "GRUMP_VAR": var, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            seconds = time.monotonic() - began
            say(f"  {title:<20} {'ok' if done.returncode == 0 else 'FAILED':<7} {seconds:5.1f} s")
            if done.returncode:
                failed.append(title)
                say(done.stdout)
            else:
                # What a check could not look at is told though it passed.
                for line in done.stdout.splitlines():
                    if line.startswith(f"{title}: "):
                        say(f"  {line}")
    say(f"{'All checks passed' if not failed else 'Failed: ' + ', '.join(failed)}")
    return 1 if failed else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
