"""Threads that work for event loops."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from grump.lib.threads import Threads


@pytest.fixture
def one() -> Iterator[Threads]:
    threads = Threads(1, "one")
    yield threads
    threads.close()


@pytest.fixture
def three() -> Iterator[Threads]:
    threads = Threads(3, "three")
    yield threads
    threads.close()


async def test_what_the_work_returns_comes_back(one: Threads) -> None:
    assert await one.do(lambda: threading.current_thread().name) == "one_0"


async def test_what_it_raises_comes_back(one: Threads) -> None:
    with pytest.raises(ZeroDivisionError):
        await one.do(lambda: 1 / 0)
    assert await one.do(lambda: "still here") == "still here"


async def test_one_thread_does_one_thing_after_the_other(one: Threads) -> None:
    done: list[int] = []
    await asyncio.gather(*(one.do(lambda number=number: done.append(number)) for number in range(50)))
    assert done == list(range(50))


async def test_there_are_as_many_as_are_needed_at_once_and_no_more(three: Threads) -> None:
    for _ in range(5):
        await three.do(lambda: None)
    assert len(three._threads) == 1
    together = threading.Barrier(3, timeout=10)
    await asyncio.gather(*(three.do(together.wait) for _ in range(6)))
    assert len(three._threads) == 3


async def test_what_is_given_up_before_it_began_is_not_done(one: Threads) -> None:
    let, done = threading.Event(), []
    busy = one.do(lambda: let.wait(10))
    given_up = one.do(lambda: done.append("given up"))
    given_up.cancel()
    let.set()
    await busy
    await one.do(lambda: done.append("wanted"))
    assert done == ["wanted"]


async def test_what_is_given_up_while_it_is_done_disturbs_nobody(one: Threads) -> None:
    begun, let = threading.Event(), threading.Event()
    working = one.do(lambda: (begun.set(), let.wait(10), 1 / 0))
    await asyncio.to_thread(begun.wait, 10)
    working.cancel()
    let.set()
    assert await one.do(lambda: "next") == "next"


def test_a_loop_that_has_ended_disturbs_nobody(one: Threads) -> None:
    begun, let = threading.Event(), threading.Event()

    async def leave() -> None:
        one.do(lambda: (begun.set(), let.wait(10)))
        await asyncio.to_thread(begun.wait, 10)

    asyncio.run(leave())
    let.set()

    async def again() -> str:
        return await one.do(lambda: "again")

    assert asyncio.run(again()) == "again"


def test_closing_waits_for_what_was_asked_for() -> None:
    threads, done = Threads(1, "closed"), []

    async def leave() -> None:
        for number in range(20):
            threads.do(lambda number=number: done.append(number))

    asyncio.run(leave())
    threads.close()
    assert done == list(range(20))


ENDS = """
import asyncio, sys
from grump.lib.threads import Threads
async def leave():
    Threads(1, "last").do(lambda: print(sys.stdin.readline(), end="", flush=True))
asyncio.run(leave())
"""


def test_a_process_that_ends_does_first_what_it_has_taken_on() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS], input="done\n", capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
