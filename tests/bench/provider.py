"""The fake provider as a process beside the load, and its books."""

import sys
from pathlib import Path

import aiohttp

from tests.bench.process import LOAD_CORE, Process, free_port


class Provider:
    async def start(self, directory: Path) -> None:
        self.port = free_port()
        self.process = Process(
            [sys.executable, "-m", "tests.fakes", "--port", str(self.port)],
            core=LOAD_CORE,
            log=directory / "provider.log",
        )
        self.process.wait_for_port(self.port)

    async def started(self) -> dict[str, float]:
        """For each prompt, when its answer's schedule began (`time.monotonic()`)."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/_ledger") as books,
        ):
            streams = (await books.json())["streams"]
        return {stream["prompt"]: stream["started"] for stream in streams}

    async def forget(self) -> None:
        async with aiohttp.ClientSession() as session:
            await session.post(f"http://127.0.0.1:{self.port}/_forget")

    def stop(self) -> None:
        self.process.stop()
