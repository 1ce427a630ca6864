"""The sheet that sizes an installation: its arithmetic, and that docs/capacity.md shows what it computes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.load.measured import FLEET
from tests.load.sizing import USERS, Measured, People, sheet, size

ROUND = Measured(
    web_turn_ms=20,
    web_token_ms=0.1,
    postgres_turn_ms=6,
    valkey_turn_ms=0.6,
    worker_turn_ms=12,
    web_process_mb=100,
    socket_kib=100,
    stream_kib=50,
    stored_kib=10,
    relayed_kib=20,
)
# 36,000 users × 0.2 × 10 messages × 0.1 in the busiest hour: two a second.
EVEN = People(
    peak_hour=0.1, burst=1, answer_tokens=400, tokens_per_s=50, first_word_s=2, messages=10, open_share=0.5
)


def test_an_hour_of_messages_becomes_cores_streams_and_bytes():
    found = size(36_000, ROUND, EVEN)
    assert found.turns_per_s == pytest.approx(2)
    assert found.streams == pytest.approx(20)  # each takes ten seconds
    assert found.web_cores == pytest.approx(2 * (20 + 40) / 1000 / 0.6)
    assert found.postgres_cores == pytest.approx(0.02)
    assert found.stored_gb_a_day == pytest.approx(72_000 * 10 * 1024 / 1e9)
    assert found.web_processes == 2
    assert found.first.startswith("nothing")


def test_many_open_tabs_decide_before_the_cpu_does():
    idle = replace(EVEN, messages=0.1)
    found = size(1_000_000, ROUND, idle)
    assert found.web_processes == 10  # 100,000 sockets
    assert found.first == "sockets a process"


def test_all_of_it_grows_in_a_straight_line():
    one, ten = size(1_000_000, ROUND, EVEN), size(10_000_000, ROUND, EVEN)
    assert ten.web_cores == pytest.approx(10 * one.web_cores)
    assert ten.valkey_memory_gb == pytest.approx(10 * one.valkey_memory_gb)


def test_the_guide_shows_what_the_sheet_computes():
    guide = (Path(__file__).resolve().parents[2] / "docs/capacity.md").read_text()
    assert sheet([size(users, FLEET) for users in USERS]) in guide
