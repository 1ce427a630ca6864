"""A circuit breaker: who fails often is left alone for a while, then tried by one call alone.

    closed ──(failures in a row, or too large a share of them)──▶ open
    open ──(its pause is over: ONE probe is let through)──▶ half open
    half open ──(the probe succeeds)──▶ closed        ──(it fails)──▶ open, with a longer pause

Source: M. Nygard, "Release It!", chapter 5. The transitions are pure functions of a Circuit; where circuits
are kept is a store's affair, so that processes may share them.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from prometheus_client import Gauge

STATE = Gauge(
    "circuit_breaker_state", "0 closed, 1 half open, 2 open", ("name",), multiprocess_mode="livemostrecent"
)


class State(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    SLOW = "slow"  # it succeeded, far later than such calls do: too many of these open it, a row does not
    ABANDONED = "abandoned"  # the caller left before anything could be said


def show(name: str, state: State) -> None:
    """Tell the metrics."""
    STATE.labels(name).set(list(State).index(state))


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds, and shares of 1."""

    consecutive: int = 8  # failures in a row that open it
    failure_rate: float = 0.5  # of the calls within `window` that opens it …
    least_calls: int = 20  # … once there were this many
    window: float = 30.0
    pause: float = 5.0  # the first time open; doubled with every failed probe
    longest_pause: float = 60.0
    probe: float = 60.0  # a probe that has not reported by then is taken for lost


@dataclass(slots=True)
class Circuit:
    outcomes: deque[tuple[float, bool]] = field(default_factory=deque)  # (when, bad), within the window
    failures: int = 0  # among `outcomes`, those that were slow with them
    in_a_row: int = 0
    healthy_at: float = float("-inf")  # when the latest call that succeeded began
    open_until: float | None = None  # None: closed
    pauses: int = 0  # how often it opened since it was last closed
    probe_until: float | None = None  # set while a probe is under way


@dataclass(frozen=True, slots=True)
class Admission:
    """`retry_after` seconds until the next probe where `allowed` is False."""

    allowed: bool
    probe: bool = False
    retry_after: float = 0.0
    at: float = field(default=0.0, compare=False)  # when it was asked for


def state(circuit: Circuit, now: float) -> State:
    if circuit.open_until is None:
        return State.CLOSED
    return State.HALF_OPEN if now >= circuit.open_until else State.OPEN


def admit(circuit: Circuit, policy: Policy, now: float) -> Admission:
    """May a call go through now? A probe that is let through is noted: it must be reported."""
    if circuit.open_until is None:
        return Admission(allowed=True, at=now)
    if now < circuit.open_until:
        return Admission(allowed=False, retry_after=circuit.open_until - now)
    if circuit.probe_until is not None and now < circuit.probe_until:
        return Admission(allowed=False, retry_after=min(policy.pause, circuit.probe_until - now))
    circuit.probe_until = now + policy.probe
    return Admission(allowed=True, probe=True, at=now)


def record(circuit: Circuit, policy: Policy, now: float, outcome: Outcome, admission: Admission) -> None:
    """How an admitted call ended."""
    probe = admission.probe
    if probe:
        circuit.probe_until = None
    elif circuit.open_until is not None:
        return  # it began before the circuit opened, and says nothing about now
    if outcome is Outcome.ABANDONED:
        return
    if probe and outcome is Outcome.FAILURE:
        _open(circuit, policy, now)
    elif probe:  # a slow one too: who is slow for good would else be left alone for ever
        _close(circuit)
    else:
        _count(circuit, policy, now, admission.at, outcome)
        if outcome is not Outcome.SUCCESS and _too_many(circuit, policy):
            _open(circuit, policy, now)


def settle(circuit: Circuit, open_until: float | None, pauses: int) -> None:
    """As another process says it is. A probe under way here stays one, unless the circuit moved on."""
    if open_until is None or circuit.open_until is None or pauses != circuit.pauses:
        circuit.probe_until = None
        _forget(circuit)
    circuit.open_until, circuit.pauses = open_until, pauses


def _count(circuit: Circuit, policy: Policy, now: float, began: float, outcome: Outcome) -> None:
    bad = outcome is not Outcome.SUCCESS
    circuit.outcomes.append((now, bad))
    circuit.failures += bad
    if outcome is not Outcome.FAILURE:
        circuit.in_a_row = 0
        circuit.healthy_at = max(circuit.healthy_at, began)
    elif began > circuit.healthy_at:
        # A row goes by the beginnings: calls that began together and time out together, after others
        # that began with them have succeeded, are not the news that they look like.
        circuit.in_a_row += 1
    while circuit.outcomes[0][0] <= now - policy.window:
        circuit.failures -= circuit.outcomes.popleft()[1]


def _too_many(circuit: Circuit, policy: Policy) -> bool:
    calls = len(circuit.outcomes)
    return circuit.in_a_row >= policy.consecutive or (
        calls >= policy.least_calls and circuit.failures >= policy.failure_rate * calls
    )


def _open(circuit: Circuit, policy: Policy, now: float) -> None:
    pause = min(policy.pause * 2 ** min(circuit.pauses, 30), policy.longest_pause)
    circuit.open_until = now + pause
    circuit.pauses += 1
    _forget(circuit)


def _close(circuit: Circuit) -> None:
    circuit.open_until = None
    circuit.pauses = 0
    _forget(circuit)


def _forget(circuit: Circuit) -> None:
    circuit.outcomes.clear()
    circuit.failures = circuit.in_a_row = 0


class Store(Protocol):
    """Keeps circuits by name. Each call is one atomic step, whoever else uses the store."""

    async def admit(self, name: str, policy: Policy) -> Admission: ...

    async def record(self, name: str, policy: Policy, outcome: Outcome, admission: Admission) -> None: ...

    def state(self, name: str) -> State:
        """As this process knows it; never waits."""
        ...

    def resting(self) -> Mapping[str, State]:
        """Those that are not closed, whoever opened them; as this process knows it."""
        ...


class LocalStore:
    """Circuits of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}

    async def admit(self, name: str, policy: Policy) -> Admission:
        return admit(self._circuit(name), policy, self._clock())

    async def record(self, name: str, policy: Policy, outcome: Outcome, admission: Admission) -> None:
        record(self._circuit(name), policy, self._clock(), outcome, admission)

    def state(self, name: str) -> State:
        return state(self._circuit(name), self._clock())

    def resting(self) -> dict[str, State]:
        now = self._clock()
        return {name: state(one, now) for name, one in self._circuits.items() if one.open_until}

    def _circuit(self, name: str) -> Circuit:
        return self._circuits.setdefault(name, Circuit())


class Breaker:
    """One name's circuit. Every admitted call must be reported with `record(outcome, admission)`."""

    def __init__(self, name: str, store: Store, policy: Policy | None = None) -> None:
        self.name = name
        self.policy = policy or Policy()
        self._store = store

    @property
    def state(self) -> State:
        return self._store.state(self.name)

    async def admit(self) -> Admission:
        return await self._store.admit(self.name, self.policy)

    async def record(self, outcome: Outcome, admission: Admission) -> None:
        await self._store.record(self.name, self.policy, outcome, admission)
