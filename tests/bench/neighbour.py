"""Another process with the product's cache, which tells when it sees a value.

`python -m tests.bench.neighbour URL KEY`, with the product's environment. For each number that comes on
standard input it holds the value before it in memory, says `holds`, and then the monotonic nanosecond (one
clock for all processes of a machine) at which the key's value was that number.
"""

import asyncio
import os
import sys

LOOK = 0.0005  # seconds between two looks: what it can be late by


async def run(url: str, key: str) -> None:
    from time import monotonic_ns

    from grump.lib.cache.backend import TieredCache

    cache = TieredCache(url, {})
    cache.start()
    while number := await asyncio.to_thread(sys.stdin.readline):
        while await cache.aget(key) != int(number) - 1:  # noqa: ASYNC110 - another process's event
            await asyncio.sleep(LOOK)
        _say("holds")
        while await cache.aget(key) != int(number):  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        _say(str(monotonic_ns()))
    await cache.aclose_loop()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    import django

    from grump.lib.cache.namespaces import Namespace, register

    os.environ["DJANGO_SETTINGS_MODULE"] = "grump.settings"
    django.setup()
    register(Namespace("bench", jitter=0.0))
    asyncio.run(run(*sys.argv[1:]))
