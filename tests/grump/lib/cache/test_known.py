"""What is new asks no database; what was kept, here or elsewhere, is found all the same."""

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from grump.lib.cache import stored
from grump.lib.cache.known import Known
from grump.lib.valkey import Away
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def looks(monkeypatch) -> list[str]:
    """The keys that the database was asked for."""
    asked: list[str] = []
    read = stored.read

    def reading(full_key: str) -> bytes | None:
        asked.append(full_key.rsplit(":", 1)[-1])
        return read(full_key)

    monkeypatch.setattr(stored, "read", reading)
    return asked


def fill(known: Known) -> None:
    assert known.begins_to_fill()
    while known.fill_on():
        pass
    known.ends_filling()


async def filled(cache) -> None:
    await cache.aget("kept:warm")
    await until(lambda: cache._tiers.known.filled)


async def test_what_is_new_does_not_ask_the_database(valkey, process, looks):
    one = process()
    await filled(one)
    looks.clear()
    assert await one.aget("kept:new") is None
    assert looks == []
    await one.aclose_loop()


async def test_what_was_stored_before_this_process_began_is_found(valkey, process, looks):
    earlier = process()
    await earlier.aset("kept:a", "before", 60)
    await earlier.aclose_loop()  # what is written behind has been
    valkey.flushall()
    one = process()
    await filled(one)
    assert await one.aget("kept:a") == "before"
    assert looks[-1] == "a"
    await one.aclose_loop()


async def test_what_another_process_keeps_later_is_found_when_valkey_has_let_it_go(valkey, process):
    one = process()
    await filled(one)
    other = process()
    await other.aset("kept:later", "there", 60)
    await until(lambda: one._tiers.known.may_have(one._place("kept:later", None)[1]))
    await other.aclose_loop()  # what is written behind has been
    valkey.delete(*valkey.keys("*later*"))  # as an eviction would
    assert await one.aget("kept:later") == "there"
    await one.aclose_loop()


async def test_an_emptied_valkey_is_noticed_and_everything_may_be_stored_again(valkey, process):
    one = process()
    await filled(one)
    valkey.flushall()
    await until(lambda: not one._tiers.known.filled)
    assert one._tiers.known.may_have("anything")
    await filled(one)  # with the next question
    await one.aclose_loop()


async def test_while_valkey_is_away_the_database_is_asked_for_everything(valkey, process, looks, monkeypatch):
    one = process()
    await filled(one)

    async def away(question):
        raise Away

    monkeypatch.setattr(one._tiers, "aask", away)
    looks.clear()
    await one.aget("kept:outage")
    assert looks == ["outage"]
    await one.aclose_loop()


def test_many_pages_of_rows_are_taken_in(monkeypatch):
    rows = sorted(stored.digest(f"k{number}") for number in range(5001))
    monkeypatch.setattr(stored, "keys", lambda after, most: [row for row in rows if row > after][:most])
    known = Known()
    fill(known)
    assert known.filled
    assert all(known.may_have(f"k{number}") for number in range(5001))
    assert sum(known.may_have(f"other{number}") for number in range(10_000)) < 20


def test_what_is_missed_while_it_is_filled_leaves_it_unfilled(monkeypatch):
    known = Known()

    def keys(after: str, most: int) -> list[str]:
        known.forget()
        return [] if after else [stored.digest("a")]

    monkeypatch.setattr(stored, "keys", keys)
    assert known.begins_to_fill()
    assert not known.begins_to_fill()  # one at a time
    assert not known.fill_on()
    known.ends_filling()
    assert not known.filled
    assert known.begins_to_fill()


def test_where_the_database_fails_everything_may_be_stored(monkeypatch):
    def keys(after: str, most: int) -> list[str]:
        raise OperationalError

    monkeypatch.setattr(stored, "keys", keys)
    known = Known()
    fill(known)
    assert not known.filled
    assert known.may_have("anything")
    assert known.begins_to_fill()  # with the next question


def test_told_of_so_many_that_most_have_ended_it_is_filled_anew(monkeypatch):
    monkeypatch.setattr("grump.lib.cache.known.WORN", 10)
    known = Known()
    known.filled = True
    for number in range(11):
        known.add(f"k{number}")
    assert not known.filled


@given(st.lists(st.text(), max_size=50))
def test_what_it_was_told_it_never_denies(keys: list[str]):
    known = Known()
    known.filled = True
    for key in keys:
        known.add(key)
    assert all(known.may_have(key) for key in keys)
