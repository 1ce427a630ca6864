"""How soon the first words come out of each cache: `python -m tests.bench hits`.

The whole turn in one process, with a real database, a real Valkey and the real MiniLM: from the frame at the
door to the first text that is handed to the socket. Every question is asked once and answered by a provider;
then again from memory, again from Valkey (memory is emptied before each), and in another wording; each once
what the answer before left to be done is done. What was not answered by the cache in question is counted,
and left out of its times.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
import uuid
from itertools import product
from pathlib import Path
from typing import Any

import orjson

from tests.bench.report import number, table
from tests.bench.trace import DOING, WHAT, WORDINGS, minilm
from tests.fakes import FakeProvider, write_catalogue

KINDS = [
    ("nothing", 0, None),
    ("memory", 0, "exact"),
    ("Valkey", 0, "exact"),
    ("another wording", 1, "semantic"),
]
SHARES = (0.5, 0.95, 0.99)
GOALS = {"memory": 5, "Valkey": 10, "another wording": 25}  # ms at p99


class Listener:
    """One socket of one user, without the socket."""

    def __init__(self, runtime: Any, user_id: int) -> None:
        from chat.outbox import Outbox

        self._runtime, self._user_id = runtime, user_id
        self._outbox = Outbox(self._hear, self._close)
        self._outbox.open()
        runtime.live.join(user_id, self._outbox)

    async def ask(self, text: str) -> tuple[float, str | None]:
        """Seconds to the first text, and from which cache it came."""
        from chat import protocol, turn

        self._first = 0.0
        self._cached: str | None = None
        self._done = asyncio.Event()
        sent = protocol.Send(
            client_message_id=uuid.uuid4().hex, conversation_id=None, text=text, model="mock/fast"
        )
        begun = time.perf_counter()
        await turn.ask(self._runtime, self._user_id, sent)
        await self._done.wait()
        return self._first - begun, self._cached

    async def _hear(self, text: str) -> None:
        frame = orjson.loads(text)
        match frame["type"]:
            case "chat.start":
                self._cached = frame["cached"]
            case "chat.delta" if not self._first:
                self._first = time.perf_counter()
            case "chat.done":
                self._done.set()
            case "chat.error":
                raise RuntimeError(frame["message"])

    async def _close(self, code: int = 1000) -> None:
        raise RuntimeError(f"closed with {code}")


async def measure(count: int) -> str:
    from django.conf import settings

    from chat.runtime import close_runtime, runtime
    from grump.lib.cache.tiers import tiers_of
    from grump.lib.database import in_database

    what = [f"{doing} {thing}" for doing, thing in product(DOING, WHAT)][:count]
    rows = []
    async with minilm() as url, FakeProvider() as provider:
        os.environ["LOCAL_EMBEDDINGS_BASE_URL"] = url
        with tempfile.TemporaryDirectory(prefix="grump-hits-") as folder:
            settings.GRUMP_CATALOG = str(write_catalogue(Path(folder) / "catalogue.toml", provider.url))
            running = runtime()
        listener = Listener(running, await in_database(_somebody))
        cached, semantic = running.gateway._cached, running.gateway._semantic
        assert cached is not None
        assert semantic is not None
        await listener.ask("Is everything loaded?")
        await asyncio.sleep(1)
        standing = asyncio.all_tasks()
        for name, wording, wanted in KINDS:
            times = []
            for each in what:
                if name == "Valkey":
                    tiers_of(settings.REDIS_URL).l1.clear()
                took, kind = await listener.ask(WORDINGS[wording].format(each))
                if kind == wanted:
                    times.append(took)
                await cached.settled()
                await semantic.settled()
                await _at_rest(standing)
            times.sort()
            shares = [
                number(times[int(share * (len(times) - 1))] * 1000, 1) if times else "–" for share in SHARES
            ]
            rows.append([name, f"{len(times):,} of {len(what):,}", *shares, str(GOALS.get(name, "–"))])
        await close_runtime()
    return table(["first text out of", "answered so", "p50, ms", "p95, ms", "p99, ms", "goal at p99"], rows)


async def _at_rest(standing: set[asyncio.Task[Any]]) -> None:
    """Until what an answer leaves to be done is done: who asks next has read it meanwhile."""
    while left := asyncio.all_tasks() - standing - {asyncio.current_task()}:
        await asyncio.wait(left, timeout=5)


def _somebody() -> int:
    from grump.accounts.models import User
    from usage.allowance import usual_plan
    from usage.models import Membership

    user = User.objects.create(username=uuid.uuid4().hex)
    Membership.objects.create(owner=user, plan=usual_plan("unlimited"))
    return int(user.pk)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench hits", description=__doc__)
    parser.add_argument("--questions", type=int, default=1_000)
    asked = parser.parse_args(argv)
    import django

    import tests.environment  # noqa: F401 - a Valkey and a data directory of its own

    os.environ |= {"DJANGO_SETTINGS_MODULE": "grump.settings", "ANSWER_CACHE": "on", "SEMANTIC_CACHE": "on"}
    django.setup()
    from django.core.management import call_command

    import grump.asgi  # noqa: F401 - this process is set up as one that serves

    call_command("migrate", verbosity=0)
    sys.stdout.write(f"{asyncio.run(measure(asked.questions))}\n")
