"""Tasks find their way to a queue that was away, and nobody waits for it."""

import asyncio
import threading

import pytest
from kombu.exceptions import OperationalError

from grump.lib import publishing
from grump.lib.publishing import LOST, Publisher


class Queue:
    """A broker that refuses so many calls, then takes everything."""

    def __init__(self, refuses: int = 0) -> None:
        self.refuses = refuses
        self.tried = 0
        self.taken: list[str] = []

    def sending(self, name: str):
        def send() -> None:
            self.tried += 1
            if self.tried <= self.refuses:
                raise OperationalError("away")
            self.taken.append(name)

        return send


def publish(publisher: Publisher, queue: Queue, *names: str) -> None:
    for name in names:
        publisher.put(name, queue.sending(name))


async def test_tasks_are_queued_in_their_order():
    queue, publisher = Queue(), Publisher()
    publish(publisher, queue, "a", "b", "c")
    await publisher.settled()
    assert queue.taken == ["a", "b", "c"]
    assert publisher.waiting == 0


async def test_tasks_of_a_moment_are_queued_together_and_not_in_the_midst_of_what_made_them():
    queue, publisher = Queue(), Publisher(gather=0.05)
    threads = set[int]()
    for name in ("a", "b", "c"):
        publisher.put(name, lambda: threads.add(threading.get_ident()))
        await asyncio.sleep(0)
    publish(publisher, queue, "d")
    assert queue.taken == []
    assert publisher.waiting == 4
    await publisher.settled()
    assert queue.taken == ["d"]
    assert len(threads) == 1


async def test_of_several_only_those_the_queue_did_not_take_are_tried_again():
    queue, publisher = Queue(), Publisher(first_pause=0.001, gather=0)
    publish(publisher, queue, "a")
    refuses = Queue(refuses=2)
    publish(publisher, refuses, "b", "c")
    await publisher.settled()
    assert (queue.taken, queue.tried) == (["a"], 1)
    assert (refuses.taken, refuses.tried) == (["b", "c"], 4)


async def test_what_the_queue_did_not_take_is_tried_again_until_it_does():
    queue, publisher = Queue(refuses=4), Publisher(first_pause=0.001)
    publish(publisher, queue, "a", "b")
    await publisher.settled()
    assert queue.taken == ["a", "b"]
    assert queue.tried == 6


async def test_of_too_many_the_oldest_is_lost_and_counted():
    before = LOST._value.get()
    queue, publisher = Queue(refuses=1), Publisher(most=2, first_pause=0.001)
    publish(publisher, queue, "a", "b", "c", "d")
    await publisher.settled()
    assert queue.taken == ["c", "d"]
    assert LOST._value.get() - before == 2


async def test_a_task_that_can_never_be_queued_keeps_no_other_back(caplog):
    queue, publisher = Queue(), Publisher()

    def broken() -> None:
        raise TypeError("not JSON")

    publisher.put("broken", broken)
    publish(publisher, queue, "a")
    await publisher.settled()
    assert queue.taken == ["a"]
    assert "broken cannot be queued" in caplog.text


async def test_a_queue_that_hangs_stops_neither_the_loop_nor_what_comes_after():
    queue, publisher = Queue(), Publisher()
    hung, let_go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        loop.call_soon_threadsafe(hung.set)
        let_go.wait(10)

    publisher.put("hangs", hang)
    await hung.wait()
    publish(publisher, queue, "a")
    assert publisher.waiting == 2
    let_go.set()
    await publisher.settled()
    assert queue.taken == ["a"]


@pytest.mark.parametrize("refuses", [0, 3])
async def test_what_comes_later_begins_a_new_round(refuses):
    queue, publisher = Queue(refuses), Publisher(first_pause=0.001)
    for name in ("a", "b"):
        publish(publisher, queue, name)
        await publisher.settled()
    assert queue.taken == ["a", "b"]


async def test_a_thread_of_a_web_process_waits_for_nothing_and_its_loop_goes_on_trying(monkeypatch):
    monkeypatch.setattr(publishing, "_of_threads", None)
    monkeypatch.setitem(
        publishing._publishers, asyncio.get_running_loop(), own := Publisher(first_pause=0.001)
    )
    publishing.serve_threads(asyncio.get_running_loop())
    queue = Queue(refuses=3)
    assert await asyncio.to_thread(publishing.from_thread, "a", queue.sending("a"))
    await own.settled()
    assert queue.taken == ["a"]
    assert queue.tried == 4


def test_a_program_without_a_loop_tries_for_a_while_and_then_says_so(monkeypatch):
    monkeypatch.setattr(publishing, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(publishing, "PATIENCE", 0.01)
    before = LOST._value.get()
    late, gone = Queue(refuses=2), Queue(refuses=1_000)
    assert publishing.from_thread("late", late.sending("late"))
    assert not publishing.from_thread("gone", gone.sending("gone"))
    assert (late.taken, gone.taken) == (["late"], [])
    assert LOST._value.get() - before == 1
