"""How often somebody may do something, for all processes together: GCRA in Valkey, in one round trip.

Source: ITU-T I.371. Of each party one number is kept, the theoretical arrival time of its next event, so
that `most` events may come at once and then one each `period / most`: in any window of `w` seconds at most
`most + w * most / period`. An event may count against several parties (a key and its user); it is allowed
by all of them or counted by none. While Valkey is away each process counts for itself by the same
arithmetic, which `decide` states once more; everything is in whole microseconds, so that both agree exactly.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from grump.lib.cache.shared import Question, Shared
from grump.lib.cache.tiers import tiers_of
from grump.lib.valkey import Away

SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Rate:
    """`party` may do `most` things each `period` seconds. The party's name becomes a key in Valkey."""

    party: str
    most: int
    period: float

    def __post_init__(self) -> None:
        if self.most < 1 or self.period <= 0:
            raise ValueError("a rate allows something in some time")

    @property
    def step(self) -> int:
        """Microseconds between two events of an even stream, rounded up: never more than was promised."""
        return -int(-self.period * SECOND // self.most)

    @property
    def burst(self) -> int:
        """Microseconds that the theoretical arrival may lie ahead."""
        return self.step * self.most


@dataclass(frozen=True, slots=True)
class Ruling:
    """Of the rate that leaves the least: what is left now, and the seconds until all of it is back.
    `retry_after_s` is 0 where the event was allowed (and counted)."""

    rate: Rate
    remaining: int
    reset_s: float
    retry_after_s: float

    @property
    def allowed(self) -> bool:
        return self.retry_after_s == 0


def decide(arrivals: Sequence[int], rates: Sequence[Rate], now: int) -> tuple[bool, list[int]]:
    """Whether an event at `now` is allowed by every rate, and the arrival times that then hold. Pure."""
    due = [max(arrival, now) + rate.step for arrival, rate in zip(arrivals, rates, strict=True)]
    if any(after - now > rate.burst for after, rate in zip(due, rates, strict=True)):
        return False, [max(arrival, now) for arrival in arrivals]
    return True, due


# The same in Valkey. Its own clock counts, so that processes on several machines agree; ARGV[1] is one
# from outside, or empty. A key lives as long as it says anything.
SCRIPT = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local found, due, allowed = {}, {}, 1
for i, key in ipairs(KEYS) do
  local step, burst = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  found[i] = math.max(tonumber(redis.call('GET', key) or '0'), now)
  due[i] = found[i] + step
  if due[i] - now > burst then allowed = 0 end
end
local answer = {allowed, string.format('%.0f', now)}
for i, key in ipairs(KEYS) do
  if allowed == 1 then
    redis.call('SET', key, string.format('%.0f', due[i]), 'PX', math.ceil((due[i] - now) / 1000))
    found[i] = due[i]
  end
  answer[i + 2] = string.format('%.0f', found[i])
end
return answer
"""

PREFIX = "rate:"


class Rates:
    """`take` counts an event against all the rates given, `atake` from an event loop."""

    def __init__(
        self, shared: Shared, *, clock: Callable[[], float] | None = None, parties: int = 50_000
    ) -> None:
        """`clock` in seconds stands in for Valkey's and this process's. Of at most `parties` this process
        remembers something while Valkey is away, the longest unseen forgotten (and so forgiven) first."""
        self._shared = shared
        self._clock = clock
        self._parties = parties
        self._arrivals: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, *rates: Rate) -> Ruling:
        try:
            return self._read(rates, self._shared.ask(self._question(rates)))
        except Away:
            return self.take_here(*rates)

    async def atake(self, *rates: Rate) -> Ruling:
        try:
            return self._read(rates, await self._shared.aask(self._question(rates)))
        except Away:
            return self.take_here(*rates)

    def take_here(self, *rates: Rate) -> Ruling:
        """In this process alone."""
        now = int((self._clock or time.monotonic)() * SECOND)
        with self._lock:
            before = [self._arrivals.get(rate.party, 0) for rate in rates]
            allowed, arrivals = decide(before, rates, now)
            if allowed:
                for rate, arrival in zip(rates, arrivals, strict=True):
                    self._arrivals[rate.party] = arrival
                    self._arrivals.move_to_end(rate.party)
                while len(self._arrivals) > self._parties:
                    self._arrivals.popitem(last=False)
        return _ruling(allowed, now, rates, arrivals)

    def _question(self, rates: Sequence[Rate]) -> Question:
        now = "" if self._clock is None else int(self._clock() * SECOND)
        bounds = [figure for rate in rates for figure in (rate.step, rate.burst)]
        keys = [PREFIX + rate.party for rate in rates]
        return lambda pipe: pipe.eval(SCRIPT, len(keys), *keys, now, *bounds)

    def _read(self, rates: Sequence[Rate], answers: list[list[bytes]]) -> Ruling:
        allowed, now, *arrivals = (int(figure) for figure in answers[0])
        return _ruling(allowed == 1, now, rates, arrivals)


def _ruling(allowed: bool, now: int, rates: Sequence[Rate], arrivals: Sequence[int]) -> Ruling:
    """Of several rates the one that is waited for longest, else the one with the least left."""

    def one(rate: Rate, arrival: int) -> Ruling:
        ahead = max(arrival - now, 0)
        wait = 0 if allowed else max(ahead + rate.step - rate.burst, 0)
        return Ruling(rate, (rate.burst - ahead) // rate.step, ahead / SECOND, wait / SECOND)

    rulings = [one(rate, arrival) for rate, arrival in zip(rates, arrivals, strict=True)]
    return min(rulings, key=lambda ruling: (-ruling.retry_after_s, ruling.remaining))


@cache
def installed_rates() -> Rates:
    """This process's, over the installation's Valkey and under its one breaker."""
    return Rates(tiers_of(settings.REDIS_URL).shared)
