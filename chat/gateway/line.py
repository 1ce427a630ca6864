"""Who waits for a place, and who is next. Pure.

By priority first; inside one, parties take turns, so that whoever asks a hundred things delays nobody
else by more than one. A line is bounded, and a party may fill only a part of it.
"""

from collections import OrderedDict, deque
from typing import get_args

from chat.gateway.request import Priority

PRIORITIES: tuple[Priority, ...] = get_args(Priority)  # the most urgent first


class Full(Exception):
    """There is no room for one more to wait."""


class Waiter:
    """One request's place in the line."""

    __slots__ = ("party", "priority")

    def __init__(self, priority: Priority, party: str) -> None:
        self.priority = priority
        self.party = party


class Line:
    """`most` may wait in each priority, `most_of_a_party` of them for one party."""

    def __init__(self, most: int, most_of_a_party: int) -> None:
        self._most = most
        self._most_of_a_party = most_of_a_party
        # For each priority the parties in the order of their turns, and what each waits with.
        self._waiting: dict[Priority, OrderedDict[str, deque[Waiter]]] = {
            priority: OrderedDict() for priority in PRIORITIES
        }
        self._lengths = dict.fromkeys(PRIORITIES, 0)

    def __len__(self) -> int:
        return sum(self._lengths.values())

    def join(self, waiter: Waiter) -> None:
        """Raises Full."""
        parties = self._waiting[waiter.priority]
        own = parties.get(waiter.party, ())
        if self._lengths[waiter.priority] >= self._most or len(own) >= self._most_of_a_party:
            raise Full
        parties.setdefault(waiter.party, deque()).append(waiter)
        self._lengths[waiter.priority] += 1

    def leave(self, waiter: Waiter) -> None:
        parties = self._waiting[waiter.priority]
        own = parties[waiter.party]
        own.remove(waiter)
        if not own:
            del parties[waiter.party]
        self._lengths[waiter.priority] -= 1

    def next(self, *, background: bool = True) -> Waiter | None:
        """Whose turn it is, taken out of the line. Without `background` those wait on."""
        for priority, parties in self._waiting.items():
            if parties and (background or priority != "background"):
                party, own = next(iter(parties.items()))
                waiter = own.popleft()
                if own:
                    parties.move_to_end(party)
                else:
                    del parties[party]
                self._lengths[priority] -= 1
                return waiter
        return None

    def position(self, waiter: Waiter) -> int:
        """From 1: how many turns until this one's, if nobody comes, leaves or is more urgent."""
        parties = self._waiting[waiter.priority]
        own = parties[waiter.party].index(waiter)
        ahead = own
        turn = own + 1  # how often a party has had its turn by then: those before ours once more
        for party, queue in parties.items():
            if party == waiter.party:
                turn = own
            else:
                ahead += min(len(queue), turn)
        urgent = PRIORITIES[: PRIORITIES.index(waiter.priority)]
        return 1 + ahead + sum(self._lengths[priority] for priority in urgent)
