"""What goes into the database behind a turn: gathered, and nothing of what was taken back meanwhile."""

import asyncio
import gc
import threading
import time
import weakref

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from grump.lib.cache import behind, stored
from grump.lib.cache.behind import Behind
from grump.lib.cache.models import StoredEntry
from grump.lib.database import in_database

pytestmark = pytest.mark.django_db(transaction=True)


def row(key: str, blob: bytes = b"x", owner: str = "") -> stored.Row:
    return stored.Row(key, "n", blob, time.time() + 60, owner)


async def there(*keys: str) -> list[bytes | None]:
    return [await in_database(stored.read, key) for key in keys]


async def test_rows_of_a_moment_are_one_statement(monkeypatch):
    statements: list[int] = []
    write = stored.write

    def counted(*rows: stored.Row) -> None:
        with CaptureQueriesContext(connection) as asked:
            write(*rows)
        statements.append(len(asked))

    monkeypatch.setattr(stored, "write", counted)
    gathering = Behind(gather=60)
    for key in "abc":
        gathering.put(key, row(key, key.encode()))
        await asyncio.sleep(0)
    assert await there("a", "b", "c") == [None, None, None]
    await gathering.written()
    assert await there("a", "b", "c") == [b"a", b"b", b"c"]
    assert statements == [1]


async def test_a_moment_later_they_are_written_without_anybody_asking(monkeypatch):
    wrote, write = asyncio.Event(), stored.write
    loop = asyncio.get_running_loop()

    def told(*rows: stored.Row) -> None:
        write(*rows)
        loop.call_soon_threadsafe(wrote.set)

    monkeypatch.setattr(stored, "write", told)
    gathering = Behind(gather=0.01)
    for key in ("a", "b"):
        gathering.put(key, row(key))
        await asyncio.wait_for(wrote.wait(), 5)
        wrote.clear()
        await gathering.written()
    assert await there("a", "b") == [b"x", b"x"]


async def test_the_newest_of_a_key_is_the_one_that_is_written():
    gathering = Behind(gather=60)
    gathering.put("a", row("a", b"old"))
    gathering.put("a", row("a", b"new"))
    await gathering.written()
    assert await there("a") == [b"new"]


async def test_more_than_one_statement_takes_are_several(monkeypatch):
    monkeypatch.setattr(behind, "MOST", 2)
    gathering = Behind(gather=60)
    for key in "abcde":
        gathering.put(key, row(key))
    await gathering.written()
    assert await in_database(StoredEntry.objects.count) == 5


async def test_what_was_taken_back_is_not_written():
    gathering = Behind(gather=60)
    for key, owner in (("a", "7"), ("b", "8"), ("c", "7"), ("d", "9")):
        gathering.put(key, row(key, owner=owner))
    thread = threading.Thread(target=gathering.drop_of, args=[("7",)])
    thread.start()
    thread.join()
    await gathering.without("b")
    assert await there("a", "b", "c", "d") == [None, None, None, b"x"]


async def test_who_takes_back_what_is_being_written_waits_until_it_was(monkeypatch):
    begun, go_on, write = asyncio.Event(), threading.Event(), stored.write
    loop = asyncio.get_running_loop()

    def slow(*rows: stored.Row) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(10)
        write(*rows)

    monkeypatch.setattr(stored, "write", slow)
    gathering = Behind(gather=0)
    gathering.put("a", row("a"))
    await begun.wait()
    gathering.put("a", row("a", b"newer"))
    taking_back = asyncio.create_task(gathering.without("a"))
    await asyncio.sleep(0)
    assert not taking_back.done()
    go_on.set()
    await taking_back
    assert await there("a") == [b"x"]  # so that whoever removes it now does


def test_each_loop_writes_what_it_was_given():
    gathering = Behind(gather=60)

    async def put(key: str) -> None:
        gathering.put(key, row(key))
        await gathering.written()

    for key in ("a", "b"):
        asyncio.run(put(key))
    assert StoredEntry.objects.count() == 2
    connections.close_all()


def test_a_loop_that_ended_is_kept_by_nobody():
    gathering, loops = Behind(gather=60), list[weakref.ref[asyncio.AbstractEventLoop]]()

    async def put(*, waits: bool) -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        gathering.put("a", row("a"))
        if waits:
            await gathering.written()

    for waits in (True, False):
        asyncio.run(put(waits=waits))
    gc.collect()
    assert [loop() for loop in loops] == [None, None]
    connections.close_all()
