"""What goes wrong, one after the other. Each breaks something, waits, and puts it right again."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable

from tests.load.place import DISK_MB, Place

Fault = Callable[[Place], Awaitable[None]]
USE_UP_THE_LOG = "SELECT pg_logical_emit_message(true, 'load', 'x'); SELECT pg_switch_wal();"
STORMS = 2
HELD = 4.0  # seconds that something stays broken


async def kill_web(place: Place) -> None:
    place.webs[0].kill()
    await asyncio.sleep(HELD)
    await asyncio.to_thread(place.restart_web, 0)


async def restart_web(place: Place) -> None:
    """SIGTERM, as in a rolling deploy."""
    await asyncio.to_thread(place.webs[1].terminate)
    await asyncio.to_thread(place.restart_web, 1)


async def kill_a_worker(place: Place) -> None:
    """One of two: the other goes on."""
    await _kill(place, "worker-1")


async def kill_all_workers(place: Place) -> None:
    """The fitter too, for which turns of long conversations would wait; and beat."""
    await _kill(place, *place.workers)


async def _kill(place: Place, *names: str) -> None:
    for name in names:
        place.workers[name].kill()
    await asyncio.sleep(HELD)
    for name in names:
        place.workers[name].start()


async def kill_valkey(place: Place) -> None:
    place.valkey.kill()
    await asyncio.sleep(HELD)
    place.valkey.start()


async def hang_valkey(place: Place) -> None:
    place.valkey.hang()
    await asyncio.sleep(HELD * 2)
    place.valkey.go_on()


async def restart_postgres(place: Place) -> None:
    assert place.postgres is not None
    await asyncio.to_thread(place.postgres.stop)
    await asyncio.sleep(1)
    await asyncio.to_thread(place.postgres.start)


async def fill_disk(place: Place) -> None:
    """The database's own file system, to its last byte."""
    assert place.disk is not None
    ballast = place.disk / "ballast"
    assert place.postgres is not None
    await asyncio.to_thread(_fill, ballast)
    for _ in range(3):
        # Its log has room set aside, which a busy server uses up in seconds and this one would not.
        try:
            await asyncio.to_thread(place.postgres.psql, USE_UP_THE_LOG)
        except subprocess.SubprocessError:
            pass  # it has ended itself
        await asyncio.sleep(HELD / 2)
    ballast.unlink()
    # A server that could not write its log ends itself; whoever runs it starts it again.
    await asyncio.to_thread(place.postgres.start)


def _fill(ballast) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                for _ in range(DISK_MB * 256):
                    file.write(b"\0" * size)
            except OSError:
                continue


async def provider_storm(place: Place) -> None:
    """The first provider dies in mid-stream, comes back, hangs, and dies again."""
    first = place.providers[0]
    for _ in range(STORMS):
        first.kill()
        await asyncio.sleep(1.5)
        first.start()
        await asyncio.sleep(1)
        first.hang()
        await asyncio.sleep(HELD)
        first.go_on()
        await asyncio.sleep(1)


FAULTS: dict[str, Fault] = {
    "kill web": kill_web,
    "restart web": restart_web,
    "kill a worker": kill_a_worker,
    "kill all workers": kill_all_workers,
    "kill Valkey": kill_valkey,
    "hang Valkey": hang_valkey,
    "restart PostgreSQL": restart_postgres,
    "fill the disk": fill_disk,
    "provider storm": provider_storm,
}


def possible(place: Place) -> dict[str, Fault]:
    return {
        name: fault
        for name, fault in FAULTS.items()
        if not (name == "restart PostgreSQL" and place.postgres is None)
        and not (name == "fill the disk" and place.disk is None)
    }
