"""The gate before a provider: so many requests inside at once, the others in line. For one event loop.

Nothing here waits, so nothing can come between a look and the step that follows from it. Whoever got a
ticket must give it back with `leave`, in whatever state it is.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from chat.gateway.errors import Overloaded
from chat.gateway.line import Full, Line, Waiter
from chat.gateway.request import Priority

WAITING_PER_PLACE = 4  # how long a line may get, in each priority
LEAST_WAITING = 16
PARTYS_SHARE = 4  # a party may have a fourth of the line …
LEAST_OF_A_PARTY = 8  # … and these at least: a small machine may serve one person with many tabs
RESERVED = 4  # a fourth of the places is not for background work: whoever types finds one free
_SMOOTHING = 0.2
_SHORTEST, _LONGEST = 1.0, 60.0  # seconds that a refused one is told to wait


class Places(Protocol):
    """How many are inside. A store that several processes share holds leases of its own on places, so
    that `take` need not wait for a network before a first token."""

    taken: int
    freed: Callable[[], None]  # called when there may be a place again that nobody here gave back

    def take(self, most: int) -> bool:
        """One more, if there are fewer than `most`; one step, whoever else uses the store."""
        ...

    def give(self) -> None: ...


class LocalPlaces:
    """Of this process alone."""

    def __init__(self) -> None:
        self.taken = 0
        self.freed: Callable[[], None] = lambda: None

    def take(self, most: int) -> bool:
        if self.taken >= most:
            return False
        self.taken += 1
        return True

    def give(self) -> None:
        self.taken -= 1


class Ticket(Waiter):
    """`granted_at` (the gate's clock) is None as long as it waits."""

    __slots__ = ("_turn", "granted_at")

    def __init__(self, priority: Priority, party: str) -> None:
        super().__init__(priority, party)
        self.granted_at: float | None = None
        self._turn: asyncio.Future[None] | None = None

    def grant(self, now: float) -> None:
        self.granted_at = now
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)

    async def turn(self, within: float) -> None:
        """Returns when it is granted, and after `within` seconds anyhow."""
        if self.granted_at is None:
            self._turn = self._turn or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._turn], timeout=within)


class Gate:
    def __init__(self, limit: int, places: Places | None = None) -> None:
        self.limit = limit
        most = max(LEAST_WAITING, WAITING_PER_PLACE * limit)
        self._line = Line(most, max(LEAST_OF_A_PARTY, most // PARTYS_SHARE))
        self._places = places or LocalPlaces()
        self._places.freed = self._offer
        self._clock: Callable[[], float] | None = None  # of those who wait
        self._for_background = limit - limit // RESERVED
        self._stay: float | None = None  # seconds a request is inside, smoothed

    @property
    def inside(self) -> int:
        return self._places.taken

    @property
    def waiting(self) -> int:
        return len(self._line)

    def enter(self, priority: Priority, party: str, clock: Callable[[], float]) -> Ticket:
        """A ticket, granted if there is a place. Raises Overloaded where the line is full."""
        ticket = Ticket(priority, party)
        try:
            self._line.join(ticket)
        except Full:
            raise Overloaded("Too many are waiting for an answer.", retry_after_s=self._wait()) from None
        self._clock = clock
        self._let_in(clock())
        return ticket

    def leave(self, ticket: Ticket, clock: Callable[[], float]) -> None:
        if ticket.granted_at is None:
            self._line.leave(ticket)
            return
        now = clock()
        self._note_stay(now - ticket.granted_at)
        self._places.give()
        self._let_in(now)

    def position(self, ticket: Ticket) -> int:
        """In the line, from 1. Only for a ticket that is not granted."""
        return self._line.position(ticket)

    def _offer(self) -> None:
        if self._clock is not None:
            self._let_in(self._clock())

    def _let_in(self, now: float) -> None:
        while len(self._line) and self._places.take(self.limit):
            chosen = self._line.next(background=self._places.taken <= self._for_background)
            if chosen is None:
                self._places.give()
                return
            assert isinstance(chosen, Ticket)
            chosen.grant(now)

    def _note_stay(self, seconds: float) -> None:
        self._stay = seconds if self._stay is None else self._stay + _SMOOTHING * (seconds - self._stay)

    def _wait(self) -> float:
        """Seconds until the line will have moved on, as things go."""
        expected = (self._stay or _SHORTEST) * len(self._line) / self.limit
        return min(max(expected, _SHORTEST), _LONGEST)
