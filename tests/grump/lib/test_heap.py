"""Threads take their memory from one heap. Each case in a process of its own: it cannot be taken back."""

import os
import subprocess
import sys

import pytest

THREADS = 4
# Pieces too large for Python's own allocator, by threads that are there at the same time.
COUNTED = f"""
import ctypes, tempfile, threading
met, kept = threading.Barrier({THREADS}), []
def allocate():
    met.wait()
    kept.append([bytes(5_000) for _ in range(100)])
    met.wait()
threads = [threading.Thread(target=allocate) for _ in range({THREADS})]
for one in threads: one.start()
for one in threads: one.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as told:
    stream = ctypes.c_void_p(libc.fopen(told.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(told.read().count(b"<heap nr="))
"""
SHARED = "from grump.lib.heap import share_one_heap; share_one_heap()"
A_WORKER = """
from grump.celery import app
from celery.signals import celeryd_init
celeryd_init.send(sender="w@h", instance=None, conf=app.conf, options={})
"""


def heaps(first: str, **environment: str) -> int:
    command = [sys.executable, "-c", f"{first}\n{COUNTED}"]
    told = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**told, **environment})
    return int(done.stdout)


@pytest.mark.parametrize("first", [SHARED, A_WORKER], ids=["shared", "worker"])
def test_all_threads_share_one_heap(first):
    assert heaps(first) == 1


def test_glibc_by_itself_gives_threads_heaps_of_their_own():
    assert heaps("") > 1


def test_who_has_chosen_a_number_of_heaps_keeps_it():
    assert heaps(SHARED, MALLOC_ARENA_MAX="3") > 1
