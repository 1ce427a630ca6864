"""What other processes are asking: one leads a question, and writes its answer down for those who follow.

The leader notes itself under the question's digest: one round trip, with a short clock. It writes nothing of
the answer until somebody calls: then a listener of its own copies the stream, from the start, into Valkey,
behind the answer and in as few pieces as there is time for. Who follows and hears nothing for a while knows
that the leader is gone (`Gone`).

Who is alone asks nobody: every process that has questions listens on `joined:here`, and says so there when it
begins. From then on those that were alone note what they lead, too. A question that falls into that moment
may be asked twice, which costs its price and nothing else.

Keys: `joined:lead:{digest}` is "process token"; `joined:{token}` a stream of {e: events} with {end} last; on
the channel `joined:calls:{process}` one is asked to write, and told that nobody listens any more.
"""

import asyncio
import json
import logging
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import copy_context
from typing import Any

from redis.exceptions import RedisError

from chat.gateway.events import Event, Finished
from chat.gateway.spelling import read, spell
from grump.lib.clients import on_loop
from grump.lib.tasks import end_tasks
from grump.lib.wire import Wire

logger = logging.getLogger(__name__)

LEAD = "joined:lead:"
TOLD = "joined:"
CALLS = "joined:calls:"
HERE = "joined:here"

CLAIM = 0.02  # seconds that a request waits at most to learn whether somebody leads it
TIMEOUT = 0.5  # of what no first token waits for
LEADS = 10.0  # a leader that is silent for so long is none any more
RENEWED = 3.0
BEAT = 0.5  # at least so often a leader that is followed writes something
FIRST_BEAT = 0.25  # seconds within which it has to begin
SILENCE = 2.0  # after which a leader is gone
PAUSE = 1.0  # without asking, after Valkey did not answer
KEPT = 600  # seconds a copy lives that nobody ended
ENDED = 30

OUTAGE = (RedisError, OSError, asyncio.TimeoutError)

_LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

Listen = Callable[[], AsyncGenerator[Event, None]]


class Gone(Exception):
    """The leader says nothing any more, or failed: ask for yourself."""


class Elsewhere:
    """`running(digest)` gives the way to listen to what this process leads, None where it has ended."""

    def __init__(self, url: str) -> None:
        self._me = secrets.token_hex(8)
        self.running: Callable[[str], Listen | None] = lambda digest: None
        self.alone = False  # nobody else listens, and we would hear who begins to
        self._unnoted: dict[str, str] = {}  # digest → what would stand under it, were we not alone
        self._led: dict[str, str] = {}  # digest → what stands under it
        self._over: list[tuple[str, str]] = []
        self._stirred = asyncio.Event()
        self._quiet_until = float("inf")  # until `start`
        self._started_in = copy_context()
        self._copies: dict[str, asyncio.Task[None]] = {}  # by token
        self._followers: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        # Any: redis-py's types do not know that answers are decoded.
        self._redis: Any = Wire(url, TIMEOUT, decode=True)
        self._following: Any = on_loop(
            url, socket_timeout=SILENCE + 1, socket_connect_timeout=TIMEOUT, decode_responses=True
        )

    def start(self) -> None:
        """Allow it: what runs in the background begins with the first question."""
        self._quiet_until = 0.0
        self._started_in = copy_context()

    def _begin(self) -> None:
        # Not in the question's own context: what is logged here is not of it.
        self._tasks = [
            asyncio.create_task(self._renew(), name="joined: leads", context=self._started_in),
            asyncio.create_task(self._hear(), name="joined: calls", context=self._started_in),
        ]

    async def close(self) -> None:
        await end_tasks([*self._tasks, *self._copies.values()])
        await self._redis.aclose()
        await self._following.aclose()

    # --- Leading ---

    async def leader(self, digest: str) -> str | None:
        """Who leads this question in another process; None where it is us from now on, or nobody knows."""
        mine = f"{self._me} {secrets.token_hex(8)}"
        if self.alone:
            self._unnoted[digest] = mine
            return None
        now = asyncio.get_running_loop().time()
        if now < self._quiet_until:
            return None
        if not self._tasks:
            self._begin()
        try:
            async with asyncio.timeout(CLAIM):
                found = await self._redis.set(LEAD + digest, mine, nx=True, get=True, px=int(LEADS * 1000))
        except OUTAGE:
            self._quiet_until = now + PAUSE
            return None
        if found is None:
            self._led[digest] = mine
        return None if found is None or found.startswith(self._me) else str(found)

    def ended(self, digest: str) -> None:
        if self._unnoted.pop(digest, None) is None and digest in self._led:
            self._over.append((digest, self._led.pop(digest)))
            self._stirred.set()

    async def _renew(self) -> None:
        due = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            over, self._over = self._over, []
            self._stirred.clear()
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for digest, mine in over:
                        pipe.eval(_LET_GO, 1, LEAD + digest, mine)
                    if not self.alone:
                        self._note_the_unnoted(pipe)
                    if clock() >= due:
                        due = clock() + RENEWED
                        for digest in self._led:
                            pipe.pexpire(LEAD + digest, int(LEADS * 1000))
                    await pipe.execute()
            except OUTAGE:
                await asyncio.sleep(PAUSE)  # what was not let go ends by itself
            try:
                async with asyncio.timeout(RENEWED):
                    await self._stirred.wait()
            except TimeoutError:
                pass

    def _note_the_unnoted(self, pipe: Any) -> None:
        unnoted, self._unnoted = self._unnoted, {}
        for digest, mine in unnoted.items():
            pipe.set(LEAD + digest, mine, nx=True, px=int(LEADS * 1000))
        self._led |= unnoted

    async def _hear(self) -> None:
        while True:
            try:
                async with self._following.pubsub() as pubsub:
                    await pubsub.subscribe(CALLS + self._me, HERE)
                    while True:
                        message = await pubsub.get_message(timeout=RENEWED)
                        if message is None or message["type"] == "subscribe":
                            await self._look_around()
                        elif message["channel"] == HERE:
                            self._met(message["data"])
                        else:
                            self._called(*message["data"].split())
            except OUTAGE:
                self.alone = False  # who begins now is not heard
                await asyncio.sleep(PAUSE)

    async def _look_around(self) -> None:
        """Say that we are here, to as many as listen: where it is one, that is us."""
        self.alone = await self._redis.publish(HERE, self._me) == 1
        self._stirred.set()

    def _met(self, process: str) -> None:
        if process != self._me:
            self.alone = False
            self._stirred.set()

    def _called(self, what: str, digest: str, token: str) -> None:
        if what == "follow":
            self._followers[token] += 1
        elif token in self._copies:
            self._followers[token] -= 1
        if what == "follow" and token not in self._copies:
            task = asyncio.create_task(self._copy(digest, token), name="joined: copy")
            self._copies[token] = task
            task.add_done_callback(lambda _: self._forget(token))
        elif token in self._copies and self._followers[token] <= 0:
            self._copies[token].cancel()

    def _forget(self, token: str) -> None:
        self._copies.pop(token, None)
        self._followers.pop(token, None)

    async def _copy(self, digest: str, token: str) -> None:
        """One more listener, which keeps the answer alive as any other does."""
        heard: list[Event] = []
        news = asyncio.Event()
        listen = self.running(digest)
        reading = asyncio.create_task(_listen(listen, heard, news)) if listen else None
        key, finished = TOLD + token, False
        try:
            await self._write(key, [])
            while reading is not None:
                over = reading.done()  # before the look: what it heard last is there
                taken, heard[:] = list(heard), []
                finished = finished or any(isinstance(event, Finished) for event in taken)
                if taken:
                    await self._write(key, taken)
                if over:
                    break
                try:
                    async with asyncio.timeout(BEAT):
                        await news.wait()
                except TimeoutError:
                    await self._write(key, [])
                news.clear()
            await self._redis.xadd(key, {"end": "1" if finished else "0"})
            await self._redis.expire(key, ENDED)
        except OUTAGE:
            logger.info("Valkey is away: an answer's copy ends")
        finally:
            await end_tasks([reading])

    async def _write(self, key: str, events: list[Event]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.xadd(key, {"e": json.dumps([spell(event) for event in events])})
            pipe.expire(key, KEPT)
            await pipe.execute()

    # --- Following ---

    async def follow(self, leader: str, digest: str) -> AsyncGenerator[Event, None]:
        """What the leader hears, from the start. Raises Gone where it ends without an end."""
        process, _, token = leader.partition(" ")
        call = CALLS + process
        at, within = "0", FIRST_BEAT
        called = False
        try:
            async with asyncio.timeout(TIMEOUT):
                called = bool(await self._redis.publish(call, f"follow {digest} {token}"))
            while called:
                answer = await self._following.xread({TOLD + token: at}, block=int(within * 1000))
                if not answer:
                    break
                within = SILENCE
                for number, entry in answer[0][1]:
                    at = number
                    for event in read(entry.get("e", "[]")):
                        yield event
                    if "end" in entry:
                        if entry["end"] == "1":
                            return
                        raise Gone
        except OUTAGE:
            pass
        finally:
            if called:
                await self._leave(call, f"leave {digest} {token}")
        raise Gone

    async def _leave(self, call: str, message: str) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._redis.publish(call, message)
        except OUTAGE:
            pass  # the copy ends with the answer


async def _listen(listen: Listen, heard: list[Event], news: asyncio.Event) -> None:
    try:
        async with aclosing(listen()) as events:
            async for event in events:
                heard.append(event)
                news.set()
    except Exception as error:  # told by who asked here; who follows asks for itself, and meets its own
        logger.info("An answer that was copied failed: %s", type(error).__name__)
    finally:
        news.set()
