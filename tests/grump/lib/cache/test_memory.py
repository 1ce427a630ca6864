"""The first tier keeps its bounds, and what is worth keeping."""

import random

from hypothesis import given
from hypothesis import strategies as st

from grump.lib.cache import bounds
from grump.lib.cache.codec import Cost, Entry
from grump.lib.cache.memory import OVERHEAD, Memory

MB = 1024 * 1024


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3000), st.integers(0, 2)), max_size=200))
def test_it_never_holds_more_than_it_may(steps):
    memory = Memory(10, 20_000, 60)
    for key, size, act in steps:
        if act == 0:
            memory.get(str(key))
        elif act == 1:
            memory.drop(str(key))
        else:
            memory.put(str(key), Entry(b"x" * size))
        assert len(memory) <= 10
        assert memory.bytes <= 20_000
        assert memory.bytes == sum(held.size for held in memory._held.values())


def test_fifty_thousand_inserts_of_mixed_sizes_stay_within_the_bytes():
    memory, chance = Memory(50_000, 8 * MB, 60), random.Random(1)
    for number in range(50_000):
        memory.put(str(number), Entry(b"x" * chance.choice((10, 500, 4000, 60_000))))
        assert memory.bytes <= 8 * MB
    assert len(memory._heap) <= 3 * len(memory) + 64


def test_what_is_dear_and_small_outlives_a_scan():
    memory = Memory(100, MB, 60)
    memory.put("dear", Entry(b"x", cost=Cost(5000, 2000)))
    for number in range(1000):
        memory.put(f"scan{number}", Entry(b"x" * 100))
    assert memory.get("dear")


def test_what_nobody_asks_for_goes_however_dear():
    memory = Memory(10, MB, 60)
    memory.put("dear", Entry(b"x" * 100, cost=Cost(100)))
    for _ in range(200):
        for number in range(20):
            memory.get(str(number)) or memory.put(str(number), Entry(b"x" * 100))
    assert memory.get("dear") is None


def test_use_renews_an_entry_but_not_past_its_own_end():
    now = [0.0]
    memory = Memory(10, MB, 10, clock=lambda: now[0])
    memory.put("used", Entry(b"", expires_at=25.0))
    memory.put("idle", Entry(b""))
    for now[0] in (8.0, 16.0, 24.0):
        assert memory.get("used")
    assert memory.get("idle") is None
    now[0] = 25.0
    assert memory.get("used") is None


def test_a_value_read_before_its_key_changed_is_not_kept():
    memory = Memory(10, MB, 60)
    since = memory.mark()
    memory.drop("a")
    assert not memory.put("a", Entry(b"old"), since)
    assert memory.put("b", Entry(b"other"), since)
    memory.clear()
    assert not memory.put("b", Entry(b"old"), since)
    assert memory.put("a", Entry(b"new"), memory.mark())


def test_its_bounds_follow_the_container(tmp_path):
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text(f"{512 * MB}\n")
    assert bounds.total_memory(tmp_path) == 512 * MB
    assert bounds.entries(512 * MB) == 1000
    assert bounds.entries(100_000 * MB) == 2000
    assert bounds.entries(10**7 * MB) == 50_000
    assert bounds.size(512 * MB) == int(512 * MB * 0.02)
    assert OVERHEAD > 0


def test_what_is_over_goes_though_nobody_asks_and_there_is_room():
    """A worker that keeps what it makes never asks for it again."""
    now = [0.0]
    memory = Memory(1_000, MB, 100, clock=lambda: now[0])
    for number in range(900):
        now[0] = float(number)
        memory.put(str(number), Entry(b"x"))
        assert memory.get("0")  # what is asked for stays
    assert len(memory) <= 2 * 100 + 1
    assert memory.bytes == sum(held.size for held in memory._held.values())
