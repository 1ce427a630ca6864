"""A small number for each process that runs, given back when it ends however it ends: a file's lock.

Prometheus' client names its files by process id, and leaves one behind for every process that ever was. By
slots there are as many files as processes at once, and a process goes on counting where the one before it
in the same slot stopped: a counter never falls.
"""

import fcntl
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path


class Slots:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._process = 0
        self._name = ""
        self._held = -1

    def mine(self) -> str:
        """This process's slot, taken at the first call; after a fork the child has one of its own."""
        if self._process != os.getpid():
            if self._held >= 0:
                os.close(self._held)  # the parent's: it holds it through a descriptor of its own
            self._name, self._held = self._take()
            self._process = os.getpid()
        return self._name

    def _take(self) -> tuple[str, int]:
        for number in count():
            held = _locked(self._folder / f"{number}.lock")
            if held is not None:
                self._forget_present(str(number))
                return str(number), held
        raise AssertionError("there is always a further number")

    def sweep(self) -> None:
        """Forget what dead processes said of their present, such as how many sockets they held."""
        for path in list(self._folder.glob("*.lock")):
            held = _locked(path)
            if held is not None:
                self._forget_present(path.stem)
                os.close(held)

    def _forget_present(self, name: str) -> None:
        for path in self._gauges(name):
            path.unlink(missing_ok=True)

    def _gauges(self, name: str) -> Iterator[Path]:
        return self._folder.glob(f"gauge_live*_{name}.db")


def _locked(path: Path) -> int | None:
    """The descriptor of the file, locked; None where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
