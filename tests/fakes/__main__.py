"""python -m tests.fakes [--port 0] [--catalogue FILE]: the fake provider as a process; prints its URL."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from tests.fakes.catalogue import write_catalogue
from tests.fakes.server import FakeProvider


async def serve(port: int, catalogue: Path | None) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with FakeProvider(port) as provider:
        if catalogue is not None:
            write_catalogue(catalogue, provider.url)
        sys.stdout.write(f"{provider.url}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--catalogue", type=Path, help="also write a GRUMP_CATALOG file that points here")
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.port, arguments.catalogue))


if __name__ == "__main__":
    main()
