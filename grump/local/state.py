"""What the supervisor last said of its children, in a file that any process may read."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from grump.local.paths import var_dir

State = Literal["waiting", "starting", "up", "restarting", "failed", "stopped", "down"]


@dataclass(frozen=True, slots=True)
class ChildState:
    """One supervised process. `since` is when `state` began, in seconds since 1970."""

    name: str
    state: State
    restarts: int
    since: float
    pid: int | None


def path() -> Path:
    return var_dir() / "supervisor.json"


def write(children: Iterable[ChildState], target: Path) -> None:
    """Replace the file whole: a reader sees the old states or the new ones."""
    unfinished = target.with_suffix(".partial")
    content = {"pid": os.getpid(), "children": [asdict(child) for child in children]}
    unfinished.write_text(json.dumps(content, indent=1))
    unfinished.replace(target)


def read(source: Path | None = None) -> dict[str, ChildState]:
    """Every child by its name; empty where nothing is supervised. A pid that is gone reads as "down"."""
    try:
        content = json.loads((source or path()).read_text())
        children = [ChildState(**child) for child in content["children"]]
        supervised = _alive(content["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {child.name: child if supervised else _down(child) for child in map(_checked, children)}


def supervisor(source: Path | None = None) -> int | None:
    """The process id of the supervisor that runs; None where none does."""
    try:
        pid = int(json.loads((source or path()).read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if _alive(pid) else None


def _checked(child: ChildState) -> ChildState:
    return _down(child) if child.pid is not None and not _alive(child.pid) else child


def _down(child: ChildState) -> ChildState:
    return ChildState(child.name, "down", child.restarts, child.since, None)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True
