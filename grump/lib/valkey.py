"""One breaker for Valkey in each process, shared by all who ask it.

While it is not closed nobody who serves a user asks: the probe is made by a background thread
(grump/lib/cache/watch.py), so that no request ever waits to find out whether Valkey is back.
"""

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from grump.lib.breaker import Admission, Circuit, Outcome, Policy, State, admit, record, show, state

FAILURES = 5
TIMEOUT = 0.2  # seconds; Valkey is near, so more is an outage

# A refusal (wrong type, no permission) is an answer: whoever refuses is there.
OUTAGE = (RedisConnectionError, RedisTimeoutError, OSError)


def tight() -> dict[str, Any]:
    """For a client on a user's way: short clocks, and no second try behind them. New for each client."""
    return {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": Retry(NoBackoff(), 0)}


class Away(Exception):
    """Valkey is left alone, or did not answer."""


class ValkeyBreaker:
    def __init__(
        self, pause: float, name: str = "valkey", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.policy = Policy(
            consecutive=FAILURES, failure_rate=2.0, pause=pause, longest_pause=pause, probe=10 * TIMEOUT
        )
        self._clock = clock
        self._circuit = Circuit()
        self._lock = threading.Lock()
        show(name, State.CLOSED)

    @property
    def state(self) -> State:
        return state(self._circuit, self._clock())

    def begin(self) -> Admission:
        """Leave to ask. Raises Away unless closed."""
        with self._lock:
            if self._circuit.open_until is not None:
                raise Away("Valkey is left alone for a while")
            return admit(self._circuit, self.policy, self._clock())

    def probe(self) -> Admission:
        """The background's leave: allowed when closed, or once when a probe is due."""
        with self._lock:
            return admit(self._circuit, self.policy, self._clock())

    def end(self, admission: Admission, outcome: Outcome) -> None:
        with self._lock:
            record(self._circuit, self.policy, self._clock(), outcome, admission)
            show(self.name, state(self._circuit, self._clock()))


@cache
def valkey_breaker(url: str) -> ValkeyBreaker:
    return ValkeyBreaker(settings.VALKEY_PROBE_SECONDS)
