"""A generation's frames in Valkey: how other processes hear them, and how they outlive their own.

Written behind the stream, never in its way: `touch()` only notes that there is something new, and one task
sends all that is due in one round trip. Nothing is dropped while Valkey is away: how far each generation
was written is known, and after an outage it is written again from the start (readers skip what they have).

Keys: `live:{generation}` is a stream whose entries are {s: number of the first frame, f: frames, one a line};
`live:control:{process}` wakes that process's reader and carries requests to stop a generation of its own.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from redis.exceptions import RedisError

from grump.lib.clients import on_loop
from grump.lib.tasks import end_tasks
from grump.lib.wire import Wire

logger = logging.getLogger(__name__)

RUNNING_TTL = 3600  # seconds; a generation never runs longer than its deadline
ENDED_TTL = 600
BLOCK_MS = 5000
# Seconds between two writes: tabs in other processes hear text in slightly larger pieces, and a process that
# carries hundreds of streams makes ten round trips a second in place of a thousand.
GATHER = 0.1
AWAY_PAUSE = 1.0  # between two tries while Valkey is away

# Valkey is near: an operation that takes longer than this counts as an outage.
SOCKET_TIMEOUT = 1.0

_OUTAGE = (RedisError, OSError, asyncio.TimeoutError)


class Source(Protocol):
    """What is relayed: the encoded frames of one generation, growing until `ended`."""

    id: UUID
    ended: bool

    @property
    def frames(self) -> Sequence[str]: ...


Deliver = Callable[[UUID, int, Sequence[str]], None]


def _key(generation_id: UUID) -> str:
    return f"live:{generation_id}"


class Relay:
    """`deliver(generation_id, first_seq, frames)` is called for what the followed generations of other
    processes say, `stop(generation_id)` when another process asks to stop one of ours."""

    def __init__(self, url: str, process: str, deliver: Deliver, stop: Callable[[UUID], object]) -> None:
        self._control = f"live:control:{process}"
        self._deliver = deliver
        self._on_stop = stop
        # Any: redis-py's types do not know that answers are decoded.
        self._redis: Any = Wire(url, SOCKET_TIMEOUT, decode=True)
        # The reader blocks on purpose, so it waits longer than its BLOCK before it suspects an outage.
        self._reading: Any = on_loop(
            url,
            socket_timeout=BLOCK_MS / 1000 + 2,
            socket_connect_timeout=SOCKET_TIMEOUT,
            decode_responses=True,
        )
        self._due: dict[UUID, Source] = {}
        self._written: dict[UUID, int] = {}
        self._cursors: dict[UUID, str] = {}
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._wakers: set[asyncio.Task[None]] = set()  # a task nobody holds may be collected
        self.away = False  # True while writes fail
        self._writing = False

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._write(), name="relay-write"),
            asyncio.create_task(self._read(), name="relay-read"),
        ]

    async def close(self) -> None:
        await end_tasks([*self._tasks, *self._wakers])
        await self._redis.aclose()
        await self._reading.aclose()

    # --- Writing ---

    def touch(self, source: Source) -> None:
        """`source` has new frames; they are written soon."""
        self._due[source.id] = source
        self._stirred.set()

    def written(self, generation_id: UUID) -> int:
        """How many frames of a running generation Valkey holds."""
        return self._written.get(generation_id, 0)

    async def flushed(self, seconds: float) -> bool:
        """Until all that is due has been written; False if that takes longer, as while Valkey is away."""
        try:
            async with asyncio.timeout(seconds):
                while self._due or self._writing:  # noqa: ASYNC110 - asked once in a process's life
                    await asyncio.sleep(GATHER / 2)
        except TimeoutError:
            return False
        return True

    async def _write(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            due = list(self._due.values())
            self._due.clear()
            self._writing = True
            try:
                await self._write_due(due)
                self._writing = False
                self._note_away(False)
                due = []  # sockets that have closed meanwhile hang on what was written
                await asyncio.sleep(GATHER)
            except _OUTAGE:
                self._note_away(True)
                # What Valkey has now is unknown (it may come back empty): begin again for all that run.
                self._written.clear()
                # What has ended is in the database; keeping it would grow with the outage.
                self._due = {source.id: source for source in due if not source.ended} | self._due
                await asyncio.sleep(AWAY_PAUSE)
                self._stirred.set()

    async def _write_due(self, due: Iterable[Source]) -> None:
        reached: dict[UUID, int] = {}
        async with self._redis.pipeline(transaction=False) as pipe:
            for source in due:
                done, total = self._written.get(source.id, 0), len(source.frames)
                if total > done:
                    entry = {"s": done + 1, "f": "\n".join(source.frames[done:total])}
                    pipe.xadd(_key(source.id), entry)
                if source.ended:
                    pipe.expire(_key(source.id), ENDED_TTL)
                elif done == 0:
                    pipe.expire(_key(source.id), RUNNING_TTL)
                reached[source.id] = total
            await pipe.execute()
        for source in due:
            if source.ended and reached[source.id] == len(source.frames):
                self._written.pop(source.id, None)
            else:
                self._written[source.id] = reached[source.id]

    def _note_away(self, away: bool) -> None:
        if away != self.away:
            self.away = away
            logger.warning(
                "Valkey is %s for live streams", "away: this process serves its own" if away else "back"
            )

    # --- Other processes' generations ---

    def follow(self, generation_id: UUID) -> None:
        if generation_id not in self._cursors:
            self._cursors[generation_id] = "0"
            self._wake()

    def unfollow(self, generation_id: UUID) -> None:
        self._cursors.pop(generation_id, None)

    def _wake(self) -> None:
        """Make the blocked reader look at its list again."""
        task = asyncio.create_task(self._tell(self._control, {"wake": "1"}))
        self._wakers.add(task)
        task.add_done_callback(self._wakers.discard)

    async def ask_to_stop(self, process: str, generation_id: UUID) -> None:
        await self._tell(f"live:control:{process}", {"stop": str(generation_id)})

    async def _tell(self, control: str, what: Mapping[str, str]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(control, what, maxlen=1000)
                pipe.expire(control, RUNNING_TTL)
                await pipe.execute()
        except _OUTAGE:
            logger.info("Valkey is away: %s was not told", control)

    async def recorded(self, generation_id: UUID) -> list[str]:
        """All frames that Valkey holds of a generation, in order and without gaps; empty if it is away."""
        try:
            entries = await self._redis.xrange(_key(generation_id))
        except _OUTAGE:
            return []
        frames: list[str] = []
        for _, entry in entries:
            first, lines = int(entry["s"]), entry["f"].split("\n")
            if first <= len(frames) + 1:
                frames.extend(lines[len(frames) + 1 - first :])
        return frames

    async def append_last(self, generation_id: UUID, seq: int, frame: str) -> None:
        """Add the closing frame to a stream whose own process is gone."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(_key(generation_id), {"s": seq, "f": frame})
                pipe.expire(_key(generation_id), ENDED_TTL)
                await pipe.execute()
        except _OUTAGE:
            logger.info("Valkey is away: followers learn of the end from the database")

    async def _read(self) -> None:
        control = "0"  # the process's name is new, so its stream begins empty
        while True:
            watched = {self._control: control} | {_key(gid): at for gid, at in self._cursors.items()}
            try:
                answer = await self._reading.xread(watched, block=BLOCK_MS)
            except _OUTAGE:
                # Valkey may come back empty, and its ids may start anew.
                self._cursors = dict.fromkeys(self._cursors, "0")
                await asyncio.sleep(AWAY_PAUSE)
                continue
            for key, entries in answer or ():
                for entry_id, entry in entries:
                    if key == self._control:
                        control = entry_id
                        if "stop" in entry:
                            self._on_stop(UUID(entry["stop"]))
                    else:
                        generation_id = UUID(key.removeprefix("live:"))
                        # A cursor set back for a late-comer while we waited stays set back.
                        if self._cursors.get(generation_id) == watched[key]:
                            self._cursors[generation_id] = watched[key] = entry_id
                        self._deliver(generation_id, int(entry["s"]), entry["f"].split("\n"))
