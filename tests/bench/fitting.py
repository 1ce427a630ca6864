"""What fitting a conversation of 100,000 tokens takes: `python -m tests.bench fit`.

CPU time of this process, which other processes of the machine do not stretch: of the worker from the asking
to the reply, storage and Valkey with it, and of the web process for a fit that is there already. With vectors
of every passage stored, and a question whose vector costs nothing.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from tests.bench.quota import start_django
from tests.bench.report import number, table

MESSAGES, BUDGET = 2_000, 50_000
WIDTH = 384  # numbers of a vector
WORDS = (
    *("harbour", "sail", "quay", "captain", "ladder", "rope", "storm"),
    *("engine", "letter", "lamp", "anchor", "tide", "market", "crane"),
)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench fit", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--postgres", action="store_true", help="a PostgreSQL of its own; SQLite otherwise")
    parser.add_argument("--profile", choices=["cold", "incremental", "cached"], help="where it goes, instead")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        _start(Path(directory), options.postgres)
        taken = Fits().measure(options.rounds, options.profile or "")
    rows = [
        [name, number(median(times)), number(min(times)), number(max(times))] for name, times in taken.items()
    ]
    sys.stdout.write(table(["fit", "CPU ms, median", "least", "most"], rows) + "\n")


def _start(home: Path, postgres: bool) -> None:
    import os

    from tests.environment import start_valkey

    os.environ["REDIS_URL"] = start_valkey(home)
    start_django(home, postgres)
    from django.conf import settings

    settings.GRUMP_CATALOG = ""


class Embedder:
    """Any vector at once."""

    def __init__(self) -> None:
        self.model = SimpleNamespace(name="bench")

    async def embed(self, texts: list[str]) -> Any:
        dice = Random(5)
        return SimpleNamespace(vectors=[[dice.gauss(0, 1) for _ in range(WIDTH)] for _ in texts])


class Fits:
    def __init__(self) -> None:
        from chat.context import making
        from chat.models import Conversation, Message
        from grump.accounts.models import User

        making.question_embedder = Embedder  # type: ignore[assignment]
        self.dice = Random(1)
        self.user = User.objects.create(username="ann")
        self.talk = Conversation.objects.create(owner=self.user, updated_at=datetime.now(UTC))
        self.at = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.last: Any = None
        rows = [self._message(self._text(number)) for number in range(MESSAGES)]
        Message.objects.bulk_create(rows)
        self.asked = 0

    def _text(self, number: int) -> str:
        words = [self.dice.choice(WORDS) for _ in range(34)]
        return (
            f"Part {number} of the story tells of a {words[0]} in harbour {number % 13}. Its "
            + " ".join(words[1:17])
            + f" mends the sails of day {number * 7919}. The "
            + " ".join(words[17:])
            + " comes from the west, as it did before."
        )

    def _message(self, text: str) -> Any:
        from chat.gateway.counting import count_tokens
        from chat.models import Message

        role = "user" if self.last is None or self.last.role == "assistant" else "assistant"
        self.at += timedelta(minutes=1)
        self.last = Message(
            conversation=self.talk, owner=self.user, parent=self.last, role=role, text=text,
            tokens=count_tokens(text), created_at=self.at,
        )  # fmt: skip
        return self.last

    def ask(self) -> Any:
        """A further question, with the answer before it; the message."""
        self.asked += 1
        if self.last.role == "user":
            self._message(self._text(self.asked + 5_000)).save()
        question = self._message(f"Which {self.dice.choice(WORDS)} was mended on day {self.asked}?")
        question.save()
        return question

    def measure(self, rounds: int, profile: str) -> dict[str, list[float]]:
        from chat import history
        from chat.models import Digest

        taken: dict[str, list[float]] = {"cold": [], "incremental": [], "cached": []}
        for round_ in range(rounds):
            Digest.objects.all().delete()
            self._forget()
            question = self.ask()
            cold = self._wish(question, BUDGET - round_)
            taken["cold"].append(timed(partial(self._make, cold), profile == "cold"))
            self._embed_all()
            self._make(self._wish(self.ask(), BUDGET))  # as every turn: the one before has been fitted too
            again = self._wish(self.ask(), BUDGET)
            taken["incremental"].append(timed(partial(self._make, again), profile == "incremental"))
            lines = history.prompt(self.last.id)
            taken["cached"].append(asyncio.run(self._cached(lines)))
            if profile == "cached":
                _profiled(lambda lines=lines: asyncio.run(self._again(lines)))
        return taken

    def _forget(self) -> None:
        from chat.context import remembered

        remembered.forget(str(self.talk.id))

    def _wish(self, question: Any, budget: int) -> Any:
        from chat import history
        from chat.context import making, plans

        lines = plans.counted(history.prompt(question.id), ())
        key = plans.key_of(lines, budget, lines[-1].text)
        ids = (str(self.talk.id), str(question.id))
        return making.Wish(uuid4().hex, "bench", *ids, budget, (), key, plans.cache_key(key, lines))

    def _make(self, wish: Any) -> None:
        from chat.context import making

        making.answer(wish)

    def _embed_all(self) -> None:
        import numpy

        from chat.context import digest, stored
        from chat.models import Digest

        found = {}
        for row in Digest.objects.filter(vectors_of=""):
            units = digest.unpack(bytes(row.units))
            assert units is not None
            count = len(digest.passages(units.starts.tolist(), units.stops.tolist()))
            if count:
                numbers = numpy.random.default_rng(len(found)).normal(size=(count, WIDTH))
                found[row.message_id] = digest.pack_vectors(numbers.tolist())
        stored.keep_vectors(found, "bench")

    async def _cached(self, lines: Any) -> float:
        from django.conf import settings

        from chat.context.asking import Fitter

        def publish(arguments: Any, expires: float) -> None:
            from chat.context import making

            making.answer(making.Wish(**arguments))

        fitter = Fitter(settings.REDIS_URL, "bench", publish)
        try:
            await fitter.fit(lines, BUDGET, (), self.talk.id)
            began = time.process_time()
            ready = await fitter.fit(lines, BUDGET, (), self.talk.id)
            took = time.process_time() - began
            assert ready.way == "cache", ready.way
            return took * 1000
        finally:
            await fitter.close()

    async def _again(self, lines: Any) -> None:
        """All of it in this thread, for the profile is of one."""
        from django.conf import settings

        from chat.context.asking import Fitter

        asyncio.get_running_loop().set_default_executor(_Here())
        fitter = Fitter(settings.REDIS_URL, "bench", lambda *_: None)
        await fitter.fit(lines, BUDGET, (), self.talk.id)
        await fitter.close()


class _Here(ThreadPoolExecutor):
    """What is given to another thread is done at once, by whoever gives it."""

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


def timed(work: Callable[[], None], profiled: bool) -> float:
    """Milliseconds of CPU."""
    if profiled:
        return _profiled(work)
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def _profiled(work: Callable[[], None]) -> float:
    import cProfile
    import pstats

    profile = cProfile.Profile()
    began = time.process_time()
    profile.runcall(work)
    took = (time.process_time() - began) * 1000
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(22)
    return took


if __name__ == "__main__":
    main(sys.argv[1:])
