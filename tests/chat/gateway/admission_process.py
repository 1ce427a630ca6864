"""A process of its own that asks `calls` times for a place of `most`, many at once, and keeps the common
count of those inside in Valkey: `python -m tests.chat.gateway.admission_process URL MOST CALLS`."""

import asyncio
import sys

from redis.asyncio import Redis

from chat.gateway.gate import Gate
from chat.gateway.leases import Leases

_ENTER = """
local inside = redis.call('INCR', 'test:inside')
if inside > tonumber(redis.call('GET', 'test:peak') or '0') then redis.call('SET', 'test:peak', inside) end
"""


async def main(url: str, most: int, calls: int) -> None:
    leases = Leases(url)
    gate = Gate(most, leases.places("p", most))
    leases.start()
    valkey = Redis.from_url(url)
    clock = asyncio.get_running_loop().time

    async def call(number: int) -> None:
        ticket = gate.enter("interactive", f"party {number}", clock)
        try:
            await ticket.turn(60)
            assert ticket.granted_at is not None
            await valkey.eval(_ENTER, 0)
            await asyncio.sleep(0.002 * (number % 7))
            await valkey.decr("test:inside")
            await valkey.incr("test:done")
        finally:
            gate.leave(ticket, clock)

    at_once = 3 * most

    async def caller(number: int) -> None:
        for turn in range(number, calls, at_once):
            await call(turn)

    await asyncio.gather(*(caller(number) for number in range(at_once)))
    await leases.close()
    await valkey.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
