"""Keeps this process's memory in step with the others', from a thread of its own: one for each Valkey.

Who changes a value writes its key into a log in Valkey and publishes it. The message is quick; the log is
certain: it is read every few seconds and after each new connection, so that a lost message costs
staleness for that long at most. Where the log no longer reaches back to what was read last, or Valkey came
back as another one, everything in memory is forgotten. A thread, not a task: the cache also works where there
is no event loop, and a late loop must not make a process stale.
"""

import atexit
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from grump.lib.breaker import Admission, Outcome, State
from grump.lib.cache.shared import Question, Shared
from grump.lib.clients import in_thread
from grump.lib.valkey import OUTAGE, TIMEOUT, tight

logger = logging.getLogger(__name__)

CHANNEL = LOG = "tc1:changes"
IDENTITY = "tc1:identity"  # a Valkey that lost its memory has another one
KEPT = 10_000  # changes in the log, about
READ_AT_ONCE = 5_000
ALL = "*"  # in place of a key
PAUSE = 0.25  # seconds between two tries before the breaker opens
START = "0-0"


def tell(sender: str, key: str) -> Question:
    """The commands that tell everybody of a change, to follow those that make it."""

    def commands(pipe: Any) -> None:
        message = orjson.dumps([sender, key])
        pipe.xadd(LOG, {"m": message}, maxlen=KEPT, approximate=True)
        pipe.publish(CHANNEL, message)

    return commands


class Watch:
    """`changed(key)`: another process changed it; ALL: trust nothing. `back()` runs when Valkey answers
    again, before anybody else asks it. `repair`: seconds between two looks at the log."""

    def __init__(
        self,
        shared: Shared,
        sender: str,
        changed: Callable[[str], None],
        back: Callable[[], None],
        repair: float,
    ) -> None:
        self._shared, self._sender, self._changed, self._back = shared, sender, changed, back
        self._repair = repair
        self._identity: bytes | None = None
        self._cursor = START
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._ended = threading.Event()
        self.heard = threading.Event()
        self._told: type[Exception] | None = None  # why changes are not heard, as the log has it
        """Set when the log was read for the first time: until then memory may be forgotten once more."""
        self._starting = threading.Lock()

    def start(self) -> None:
        """Cheap when it runs already; a forked child starts one of its own."""
        if self._pid == os.getpid():
            return
        with self._starting:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._ended = threading.Event()
                atexit.register(self._ended.set)  # what Valkey's own end breaks is no news by then
                self._thread = threading.Thread(target=self._run, name="cache watch", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(self._repair + 5)
        self._pid = 0

    def _run(self) -> None:
        breaker = self._shared.breaker
        while not self._ended.is_set():
            admission = breaker.probe()
            if not admission.allowed:
                self._ended.wait(min(admission.retry_after, self._repair))
                continue
            try:
                self._listen(admission)
            except (RedisError, OSError) as error:
                if self._ended.is_set():
                    return
                if type(error) is not self._told:  # once, not with each try
                    self._told = type(error)
                    logger.info("Changes in the cache are not heard: %s", type(error).__name__)
                self._ended.wait(PAUSE)

    def _listen(self, admission: Admission) -> None:
        """Until the connection fails. Reports what came of the admission."""
        breaker, outcome = self._shared.breaker, Outcome.FAILURE
        with in_thread(self._shared.url, **tight()) as client, client.pubsub() as pubsub:
            try:
                heard = self._subscribe(pubsub)
                self._back()
                self._catch_up(client)
                self.heard.set()
                self._told = None
                outcome = Outcome.SUCCESS
            except OUTAGE:
                raise
            except RedisError:
                outcome = Outcome.ABANDONED
                raise
            finally:
                breaker.end(admission, outcome)
            if admission.probe:
                logger.warning("Valkey is back for the cache")
            due = time.monotonic() + self._repair
            while not self._ended.is_set():
                wait = max(due - time.monotonic(), 0.001)
                message = pubsub.get_message(timeout=wait) if heard else self._ended.wait(wait)
                if isinstance(message, dict) and message["type"] == "message":
                    self._apply(message["data"])
                if time.monotonic() >= due:
                    self._look(client)
                    due = time.monotonic() + self._repair

    def _subscribe(self, pubsub: Any) -> bool:
        """False where this Valkey lets nobody listen: then the log alone has to do."""
        try:
            pubsub.subscribe(CHANNEL)
            if pubsub.get_message(timeout=TIMEOUT) is None:
                raise RedisTimeoutError("a Valkey that hangs still takes connections")
        except ResponseError:
            return False
        return True

    def _look(self, client: "Redis") -> None:
        """Catching up as a call that counts: an idle process notices an outage by it."""
        breaker = self._shared.breaker
        admission = breaker.probe()
        if not admission.allowed or breaker.state is not State.CLOSED:
            breaker.end(admission, Outcome.ABANDONED)
            raise OSError("the breaker opened")
        outcome = Outcome.FAILURE
        try:
            self._back()  # one call may fail without the breaker opening
            self._catch_up(client)
            outcome = Outcome.SUCCESS
        finally:
            breaker.end(admission, outcome)

    def _catch_up(self, client: "Redis") -> None:
        with client.pipeline(transaction=True) as pipe:
            pipe.set(IDENTITY, secrets.token_hex(8), nx=True)
            pipe.get(IDENTITY)
            pipe.xrange(LOG, self._cursor, self._cursor)
            pipe.xrange(LOG, f"({self._cursor}", "+", count=READ_AT_ONCE)
            pipe.xrevrange(LOG, count=1)
            _, identity, here, since, last = pipe.execute()
        gap = self._cursor != START and not here
        if identity != self._identity or gap or len(since) >= READ_AT_ONCE:
            self._changed(ALL)
            self._identity = identity
        else:
            for _, entry in since:
                self._apply(entry[b"m"])
        self._cursor = last[0][0].decode() if last else START

    def _apply(self, message: bytes) -> None:
        sender, key = orjson.loads(message)
        if sender != self._sender:
            self._changed(key)
