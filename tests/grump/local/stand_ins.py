"""Tiny programs in place of the real parts, and a way to wait for what they do."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

STAYS = "import signal; signal.pause()"
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""
HAS_A_CHILD = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("grandchild", child.pid, flush=True)
signal.pause()
"""


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-S", "-c", program, *arguments]


async def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something another process does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what it waits for is another process
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
