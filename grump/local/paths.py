"""Where the embedded parts keep their files, and how the processes of one clone find each other."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# sun_path of <sys/un.h> holds 108 bytes with the closing NUL.
_LONGEST_SOCKET_PATH = 107


def var_dir() -> Path:
    """The directory of everything that is kept or logged; the same rule as `settings.VAR_DIR`."""
    return Path(os.environ.get("GRUMP_VAR", "").strip() or ROOT / "var")


def socket_path(directory: Path, name: str) -> Path:
    """A unix socket's path in `directory`; where that is too long to bind, a stable one in the temp dir."""
    path = directory.absolute() / name
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    key = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"grump-{os.getuid()}-{key}-{name}"


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now; the next taker may still be faster."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
