"""Circuits that several processes share through Valkey, and that never wait for it while they are closed.

Each process decides by its own mirror of the circuits. Whoever sees one open or close tells the others:
behind the call, by one script that writes it down and publishes it. What was written is read anew every
few seconds, so that a lost message costs staleness for that long at most. Only who would be the probe of a
circuit asks Valkey first, with a short clock, so that one call goes through over all processes. While Valkey
is away each process goes by what it knows itself.

Keys: `breaker:open`, a hash of name → "until:pauses" (milliseconds of Valkey's own clock: hosts' clocks need
not agree); `breaker:probe:{name}`, the process whose call is the probe.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from grump.lib.breaker import Admission, Circuit, Outcome, Policy, State, admit, record, settle, show, state
from grump.lib.clients import on_loop
from grump.lib.tasks import end_tasks

logger = logging.getLogger(__name__)

OPEN = "breaker:open"
PROBE = "breaker:probe:"
CHANNEL = "breaker:changes"
KEPT_MS = 3_600_000  # after an hour without any change all is forgotten
PROBE_TIMEOUT = 0.05  # seconds that a probe waits for leave; then its own process decides
TIMEOUT = 0.5  # of what nobody waits for
REPAIR = 2.0  # between two readings
PAUSE = 1.0  # between two tries while Valkey is away
ANOTHERS_PROBE = 0.5  # until it is asked again whether another process's probe is still under way

OUTAGE = (RedisError, OSError, asyncio.TimeoutError)

_TELL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(ARGV[2]) < 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f:%d', now + ARGV[2], ARGV[3]))
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
if redis.call('GET', KEYS[2]) == ARGV[4] then redis.call('DEL', KEYS[2]) end
redis.call('PUBLISH', KEYS[3], ARGV[4])
"""

_started: "WeakSet[SharedStore]" = WeakSet()


def resting() -> dict[str, State]:
    """The circuits that are not closed, as this process knows them: for health and for operators."""
    return {name: state for store in list(_started) for name, state in store.resting().items()}


class SharedStore:
    """A Store (grump/lib/breaker.py) for one event loop. Until `start` it is this process's alone."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._me = secrets.token_hex(8)
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}
        self._untold: set[str] = set()  # names whose circuit changed here
        self._stirred = asyncio.Event()
        self._away = True
        self._tasks: list[asyncio.Task[None]] = []
        # Any: redis-py's types do not know that answers are decoded.
        self._redis: Any = on_loop(
            url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._exchange(), name="breakers: exchange"),
            asyncio.create_task(self._listen(), name="breakers: listen"),
        ]
        _started.add(self)

    async def close(self) -> None:
        _started.discard(self)
        await end_tasks(self._tasks)
        await self._redis.aclose()

    # --- What callers ask ---

    def state(self, name: str) -> State:
        return state(self._circuit(name), self._clock())

    def resting(self) -> dict[str, State]:
        now = self._clock()
        return {name: state(circuit, now) for name, circuit in self._circuits.items() if circuit.open_until}

    async def admit(self, name: str, policy: Policy) -> Admission:
        circuit, now = self._circuit(name), self._clock()
        admission = admit(circuit, policy, now)
        if not admission.probe or self._away or await self._may_probe(name, policy):
            return admission
        if circuit.open_until is None:  # it was closed meanwhile
            return Admission(allowed=True, at=now)
        circuit.probe_until = now + ANOTHERS_PROBE
        return Admission(allowed=False, retry_after=ANOTHERS_PROBE)

    async def record(self, name: str, policy: Policy, outcome: Outcome, admission: Admission) -> None:
        circuit = self._circuit(name)
        before = circuit.open_until
        record(circuit, policy, self._clock(), outcome, admission)
        if admission.probe or circuit.open_until != before:
            self._untold.add(name)
            self._stirred.set()

    def _circuit(self, name: str) -> Circuit:
        return self._circuits.setdefault(name, Circuit())

    async def _may_probe(self, name: str, policy: Policy) -> bool:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                lasts = int(policy.probe * 1000)
                return bool(await self._redis.set(PROBE + name, self._me, nx=True, px=lasts))
        except OUTAGE:
            return True

    # --- Behind them ---

    async def _exchange(self) -> None:
        while True:
            told, self._untold = self._untold, set()
            try:
                self._adopt(await self._tell(told))
                self._note_away(False)
            except OUTAGE:
                self._untold |= told
                self._note_away(True)
                await asyncio.sleep(PAUSE)
                continue
            try:
                async with asyncio.timeout(REPAIR):
                    await self._stirred.wait()
            except TimeoutError:
                pass
            self._stirred.clear()

    async def _tell(self, names: Iterable[str]) -> dict[str, tuple[float, int]]:
        """Tells of these circuits, and returns all that are open: seconds left, and pauses so far."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                circuit = self._circuit(name)
                left = -1.0
                if circuit.open_until is not None:
                    left = max(circuit.open_until - self._clock(), 0.0)
                # `left` is -1 for one that is closed, in seconds and in milliseconds alike.
                milliseconds = int(left * 1000) if left >= 0 else -1
                keys = (OPEN, PROBE + name, CHANNEL)
                pipe.eval(_TELL, len(keys), *keys, name, milliseconds, circuit.pauses, self._me, KEPT_MS)
            pipe.time()
            pipe.hgetall(OPEN)
            *_, (seconds, microseconds), written = await pipe.execute()
        now = seconds * 1000 + microseconds / 1000
        found = {}
        for name, value in written.items():
            until, _, pauses = value.partition(":")
            found[name] = ((float(until) - now) / 1000, int(pauses))
        return found

    def _adopt(self, written: dict[str, tuple[float, int]]) -> None:
        now = self._clock()
        for name in {*written, *self._circuits} - self._untold:
            circuit = self._circuit(name)
            if name in written:
                left, pauses = written[name]
                settle(circuit, open_until=now + left, pauses=pauses)
            elif circuit.open_until is not None:
                settle(circuit, open_until=None, pauses=0)
            else:
                continue
            show(name, state(circuit, now))

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    self._stirred.set()  # what was said before
                    while True:
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=REPAIR)
                        if message is not None and message["data"] != self._me:
                            self._stirred.set()
            except OUTAGE:
                await asyncio.sleep(PAUSE)

    def _note_away(self, away: bool) -> None:
        if away != self._away:
            self._away = away
            logger.info("Breakers are %s", "this process's own: Valkey is away" if away else "shared")
