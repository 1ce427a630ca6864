"""A Valkey that is nobody else's: it can be hung and killed, and what outlives a test finds nobody."""

import os
import signal
import subprocess
import time
from pathlib import Path

from grump.local import valkey
from grump.local.paths import socket_path
from tests.lifeline import die_with_parent


class OwnValkey:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = socket_path(directory, "valkey.sock")
        self.start()

    @property
    def url(self) -> str:
        return valkey.url(self.socket)

    def start(self) -> None:
        self._process = subprocess.Popen(
            valkey.command(self.socket, self.directory, keep=True),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        deadline = time.monotonic() + 20
        while not valkey.answers(self.socket):
            assert time.monotonic() < deadline

    def hang(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.socket.unlink(missing_ok=True)
