"""What was kept for somebody goes with them: from every tier, every process, and after an outage too."""

import time

import pytest
from django.db import DatabaseError, connection

from grump.lib import publishing
from grump.lib.cache import forgetting, stored
from grump.lib.cache.models import StoredEntry
from tests.grump.lib.cache.test_backend import both_listening, until

pytestmark = pytest.mark.django_db


def left(valkey) -> list[bytes]:
    return sorted(name for name in valkey.keys("tc1:*") if name not in (b"tc1:log", b"tc1:changes"))


def test_it_is_gone_from_memory_valkey_and_database_and_others_is_not(valkey, process):
    one, other = both_listening(valkey, process)
    for owner in ("7", "8"):
        one.set(f"kept:{owner}", owner, 60, owner=owner)
        one.set(f"near:{owner}", owner, 60, owner=owner)
    assert other.get("near:7") == "7"
    other.forget("7")
    until(lambda: one.looking("near:7")() is None)
    for cache in (one, other):
        assert cache.get("kept:7") is None
        assert cache.get("near:7") is None
        assert cache.get("kept:8") == "8"
        assert cache.get("near:8") == "8"
    assert not [name for name in left(valkey) if b"7" in name]
    assert [entry.owner for entry in StoredEntry.objects.all()] == ["8"]


async def test_what_is_kept_on_the_event_loop_is_somebodys_too(valkey, process, transactional_db):
    cache = process()
    await cache.aset("kept:a", "text", 60, owner="7")
    await cache.aclose_loop()  # the database is written behind

    def forgotten() -> list[object]:
        cache.forget("7")
        try:
            return [cache.get("kept:a"), *StoredEntry.objects.all()]
        finally:
            connection.close()  # this thread's

    from asgiref.sync import sync_to_async

    assert await sync_to_async(forgotten)() == [None]


def test_whoever_nobody_kept_anything_for_is_forgotten_as_easily(valkey, process):
    process().forget("nobody", "nobody else")
    assert not [name for name in left(valkey) if b"nobody" in name]


def test_the_list_of_what_is_somebodys_ends_with_the_last_of_it_and_does_not_grow(valkey, process):
    cache = process()
    cache.set("near:short", 1, 0.05, owner="7")
    cache.set("near:long", 1, 600, owner="7")
    cache.set("near:middle", 1, 60, owner="7")
    assert 500 < valkey.ttl("tc1:owned:7") <= 601
    deadline = time.time() + 0.06
    until(lambda: time.time() > deadline)
    cache.set("near:new", 1, 60, owner="7")
    kept = {name.decode().rpartition(":")[2] for name in valkey.zrange("tc1:owned:7", 0, -1)}
    assert kept == {"long", "middle", "new"}


def test_a_later_owner_of_the_same_entry_is_its_owner_in_the_database(valkey, process):
    cache = process()
    cache.set("kept:a", 1, 60, owner="7")
    cache.set("kept:a", 2, 60, owner="8")
    cache.set("kept:b", 3, 60)
    assert {entry.owner for entry in StoredEntry.objects.all()} == {"8", ""}


def test_what_valkey_could_not_be_told_it_is_told_when_it_is_back(valkey, process, monkeypatch):
    from grump.lib.valkey import Away

    cache = process()
    cache.set("near:a", 1, 60, owner="7")
    cache.set("kept:a", 1, 60, owner="7")

    def away(question):
        raise Away("gone")

    with monkeypatch.context() as outage:
        outage.setattr(cache._tiers.shared, "ask", away)
        cache.forget("7")
    assert valkey.exists("tc1:owned:7")
    assert not StoredEntry.objects.exists()
    cache._tiers._back()
    assert not [name for name in left(valkey) if b"near" in name or b"kept" in name or b"owned" in name]
    assert cache.looking("near:a")() is None


def test_it_is_looked_for_once_more_when_what_was_being_made_has_ended(monkeypatch):
    sent = []
    monkeypatch.setattr(
        forgetting.current_app, "send_task", lambda *args, **kwargs: sent.append((args, kwargs))
    )
    forgetting.forget(7, 8, once_more=True)
    forgetting.forget(9)
    assert sent == [
        (("cache.forget",), {"args": [["7", "8"]], "countdown": forgetting.ONCE_MORE, "retry": False})
    ]


def test_nobody_who_leaves_hears_of_a_database_or_a_queue_that_is_away(monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise DatabaseError("no")

    def gone(*args, **kwargs):
        raise ConnectionError("no")

    monkeypatch.setattr(stored, "forget", broken)
    monkeypatch.setattr(forgetting.current_app, "send_task", gone)
    monkeypatch.setattr(publishing, "PATIENCE", 0)
    forgetting.forget(7, once_more=True)
    assert "was not removed" in caplog.text
    assert "once more" in caplog.text
