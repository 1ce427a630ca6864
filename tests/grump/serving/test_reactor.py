"""Which event loop daphne runs on. A process of its own: one has one reactor, and this one is asyncio's."""

import subprocess
import sys

ASKED = """
from grump.serving import reactor
reactor.install()
import daphne.server
from twisted.internet import reactor as installed
print(type(installed._asyncioEventloop).__module__, daphne.server.reactor is installed)
"""


def answer(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_daphne_runs_over_uvloop() -> None:
    assert answer(ASKED) == "uvloop True"


def test_without_uvloop_it_runs_over_asyncios_own_loop() -> None:
    without = "import sys; sys.modules['uvloop'] = None"
    assert answer(f"{without}\n{ASKED}") == "asyncio.unix_events True"
