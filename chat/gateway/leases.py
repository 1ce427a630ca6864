"""Places inside a provider that several processes share: leased through Valkey, ahead of need.

`take` looks at what this process holds and never waits. Behind it one task renews the leases, asks for more
when they run short, and gives back what is not needed: one script over all providers, so that no two
processes ever hold more than there is. A process that dies holds its places until its leases end. While
Valkey is away each process has what it holds, or its share of the whole if that is more.

Keys: `places:{provider}`, a hash of process → "places:until:need" (milliseconds of Valkey's own clock).
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from grump.lib.clients import on_loop
from grump.lib.tasks import end_tasks

logger = logging.getLogger(__name__)

KEY = "places:"
LASTS = 5.0  # seconds that a lease lasts without being renewed
RENEWED = 1.0
AGAIN = 0.02  # while somebody waits
PAUSE = 1.0  # between two tries while Valkey is away
TIMEOUT = 0.5
SPARE = 8  # an eighth of all places is kept ready by each process, if nobody else needs it

OUTAGE = (RedisError, OSError, asyncio.TimeoutError)

IDLE, BUSY, SHORT = 0, 1, 2

_LEASE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, lasts, answer = ARGV[1], tonumber(ARGV[2]), {}
for i, key in ipairs(KEYS) do
  local most, taken = tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i])
  local wanted, need = tonumber(ARGV[4 * i + 1]), ARGV[4 * i + 2]
  local others, processes, busy, short = 0, 1, 0, 0
  local rows = redis.call('HGETALL', key)
  for j = 1, #rows, 2 do
    if rows[j] ~= me then
      local held, till, its = string.match(rows[j + 1], '^(%d+):(%d+):(%d)$')
      if not held or tonumber(till) <= now then
        redis.call('HDEL', key, rows[j])
      else
        others, processes = others + held, processes + 1
        if its ~= '0' then busy = busy + 1 end
        if its == '2' then short = short + 1 end
      end
    end
  end
  local held = math.max(math.min(wanted, most - others), taken)
  redis.call('HSET', key, me, string.format('%d:%.0f:%s', held, now + lasts, need))
  redis.call('PEXPIRE', key, 2 * lasts)
  answer[i] = {held, processes, busy, short}
end
return answer
"""


class LeasedPlaces:
    """One provider's, as this process holds them."""

    def __init__(self, provider: str, most: int, stir: Callable[[], None]) -> None:
        self.provider, self.most = provider, most
        self.taken = 0
        self.usable = most  # until the leases begin
        self.short = False  # somebody asked in vain since the last exchange
        self.freed: Callable[[], None] = lambda: None
        self._share = most  # of this process if Valkey goes
        self._others_short = False
        self._stir = stir

    def take(self, most: int) -> bool:
        if self.taken >= min(self.usable, most):
            self.short = True
            self._stir()
            return False
        self.taken += 1
        if self.taken == self.usable < self.most:  # the next one shall not have to wait
            self._stir()
        return True

    def give(self) -> None:
        self.taken -= 1
        if self._others_short:
            self._stir()

    @property
    def wanted(self) -> int:
        if self.short:
            return self.most
        spare = 0 if self._others_short else max(self.most // SPARE, 1)
        return min(self.taken + spare, max(self.most, self.taken))

    @property
    def need(self) -> int:
        return SHORT if self.short else BUSY if self.taken else IDLE

    def begin(self) -> None:
        self.usable = 0

    def leased(self, held: int, processes: int, busy: int, short: int) -> None:
        """What the exchange came to; the last three count the others, `processes` this one too."""
        self._share = max(self.most // processes, 1)
        self._others_short = short > 0
        self.usable = held
        if short:  # beyond its fair share a place that becomes free is not taken again
            self.usable = min(held, max(self.most // (busy + 1), 1))
        self._offer()

    def alone(self) -> None:
        self._others_short = False
        self.usable = max(self.usable, self._share)
        self._offer()

    def _offer(self) -> None:
        self.short = False
        self.freed()


class Leases:
    """The leases of one event loop. Until `start` its places are this process's alone."""

    def __init__(self, url: str, *, lasts: float = LASTS, renewed: float = RENEWED) -> None:
        self._me = secrets.token_hex(8)
        self._lasts, self._renewed = lasts, renewed
        self._places: list[LeasedPlaces] = []
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._away = False
        # Any: redis-py's types do not know what a script answers.
        self._redis: Any = on_loop(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        self._lease = self._redis.register_script(_LEASE)

    def places(self, provider: str, most: int) -> LeasedPlaces:
        places = LeasedPlaces(provider, most, self._stirred.set)
        self._places.append(places)
        return places

    def start(self) -> None:
        for places in self._places:
            places.begin()
        self._task = asyncio.create_task(self._exchange(), name="leases on places")

    async def close(self) -> None:
        """What is held is given back at once."""
        await end_tasks([self._task])
        if self._task is not None and not self._away:
            try:
                async with asyncio.timeout(TIMEOUT), self._redis.pipeline(transaction=False) as pipe:
                    for places in self._places:
                        pipe.hdel(KEY + places.provider, self._me)
                    await pipe.execute()
            except OUTAGE:
                pass  # they end by themselves
        await self._redis.aclose()

    async def _exchange(self) -> None:
        while self._places:
            self._stirred.clear()
            try:
                await self._renew()
                self._note_away(False)
            except OUTAGE:
                self._note_away(True)
                for places in self._places:
                    places.alone()
                await asyncio.sleep(PAUSE)
                continue
            if any(places.short for places in self._places):
                await asyncio.sleep(AGAIN)
                continue
            try:
                async with asyncio.timeout(self._renewed):
                    await self._stirred.wait()
            except TimeoutError:
                pass

    async def _renew(self) -> None:
        arguments: list[str | int] = [self._me, int(self._lasts * 1000)]
        for places in self._places:
            arguments += [places.most, places.taken, places.wanted, places.need]
        keys = [KEY + places.provider for places in self._places]
        async with asyncio.timeout(TIMEOUT):
            answers = await self._lease(keys=keys, args=arguments)
        for places, answer in zip(self._places, answers, strict=True):
            places.leased(*answer)

    def _note_away(self, away: bool) -> None:
        if away != self._away:
            self._away = away
            logger.info("Places are %s", "this process's own: Valkey is away" if away else "shared")
