"""Ids of rows."""

import time
from uuid import RFC_4122

from grump.lib.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    for _ in range(100):
        made = new_id()
        assert (made.version, made.variant) == (7, RFC_4122)


def test_it_begins_with_its_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_later_ones_are_greater_also_as_text() -> None:
    made = []
    for _ in range(200):
        made.append(new_id())
        until = time.time_ns() + 1_000
        while time.time_ns() < until:
            pass
    assert made == sorted(made)
    assert [one.hex for one in made] == sorted(one.hex for one in made)


def test_no_two_are_the_same() -> None:
    assert len({new_id() for _ in range(20_000)}) == 20_000
