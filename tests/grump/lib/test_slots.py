"""Metrics of many processes: one sum, as many files as processes at once, nothing of the dead's present."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest, multiprocess

from grump.lib.slots import Slots

# Counts once, holds a socket, says so, and lives until its input ends; "fork" has a child count as well.
PROCESS = """
import os, sys
import grump
from prometheus_client import Counter, Gauge
asked = Counter("asked_total", "Asked")
open_sockets = Gauge("open_sockets", "Open", multiprocess_mode="livesum")
asked.inc()
open_sockets.inc()
if sys.argv[1:] == ["fork"]:
    if os.fork() == 0:
        asked.inc()
        os._exit(0)
    os.wait()
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def start(folder):
    running = []

    def start(*arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        running.append(process)
        assert process.stdout.readline() == b"counted\n"
        return process

    yield start
    for process in running:
        end(process)


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()


def scraped(folder: Path, name: str) -> float:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, str(folder))
    lines = generate_latest(registry).decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.split()[0] == name)


def test_processes_at_once_have_slots_of_their_own(folder, start):
    for _ in range(3):
        start()
    assert scraped(folder, "asked_total") == 3
    assert scraped(folder, "open_sockets") == 3


def test_however_many_processes_there_were_the_files_do_not_grow_and_no_counter_falls(folder, start):
    sizes = []
    for life in range(1, 5):
        process = start()
        assert scraped(folder, "asked_total") == life
        end(process)
        sizes.append(sorted(path.name for path in folder.iterdir()))
    assert sizes[0] == sizes[-1]


def test_what_a_killed_process_held_is_forgotten_and_what_it_counted_is_not(folder, start):
    end(start())
    living = start()
    Slots(folder).sweep()
    assert scraped(folder, "asked_total") == 2
    assert scraped(folder, "open_sockets") == 1
    end(living)
    Slots(folder).sweep()
    assert scraped(folder, "open_sockets") == 0
    assert scraped(folder, "asked_total") == 2


def test_a_forked_child_counts_in_a_slot_of_its_own(folder, start):
    start("fork")
    assert scraped(folder, "asked_total") == 2


def test_a_process_keeps_its_slot(folder):
    slots = Slots(folder)
    assert slots.mine() == slots.mine() == "0"
    assert Slots(folder).mine() == "1"
