"""Read settings from the environment, strictly: a malformed value stops the start with one clear line.

Every reader takes the variable's name, so that the error can name it. `EnvError` is what
`manage.py`, the web server and Celery all show when a variable is wrong.
"""

import os
from collections.abc import Collection


class EnvError(SystemExit):
    """A variable of the environment is missing or malformed. Exits with one line, no traceback."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")


def everything() -> dict[str, str]:
    """A copy of the environment, for the catalogue: its files name variables of their own."""
    return dict(os.environ)


def text(name: str, default: str = "") -> str:
    """The variable's value without surrounding blanks; empty counts as unset."""
    return os.environ.get(name, "").strip() or default


def required(name: str, why: str) -> str:
    value = text(name)
    if not value:
        raise EnvError(name, f"must be set: {why}")
    return value


def flag(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise EnvError(name, f"expected on or off, got {value!r}")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise EnvError(name, f"expected a whole number, got {value!r}") from None
    if not least <= number <= most:
        raise EnvError(name, f"expected {least} to {most}, got {number}")
    return number


def share(name: str, default: float) -> float:
    value = text(name)
    try:
        number = float(value) if value else default
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise EnvError(name, f"expected a number from 0 to 1, got {value!r}")
    return number


def choice(name: str, default: str, allowed: Collection[str]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise EnvError(name, f"expected one of {', '.join(sorted(allowed))}, got {value!r}")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list; blanks around the parts are dropped."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]
