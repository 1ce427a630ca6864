"""Ways to ask a child whether it is ready."""

import asyncio
import contextlib
from pathlib import Path

from grump.local import valkey
from grump.local.child import Probe

_TIMEOUT = 2.0  # seconds for one question


def http(port: int, path: str, host: str = "127.0.0.1") -> Probe:
    """Ready when GET answers anything below 500 (llama.cpp says 503 while it loads its model)."""

    async def ask() -> bool:
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await _status(host, port, path) < 500
        except (OSError, TimeoutError, ValueError, IndexError):
            return False

    return ask


async def _status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def valkey_ping(unix_socket: Path) -> Probe:
    async def ask() -> bool:
        return await asyncio.to_thread(valkey.answers, unix_socket)

    return ask
