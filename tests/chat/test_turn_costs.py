"""The part of the benchmark that no busy machine disturbs: a turn's costs, counted."""

import asyncio
import gc
import inspect
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path
from types import FrameType
from typing import Any

import hiredis
import orjson
import pytest
from django.db import connection
from redis.asyncio.connection import AbstractConnection

from chat.runtime import runtime
from grump.lib import database
from grump.lib.publishing import publisher
from grump.lib.threads import Threads
from tests.chat.costs import LEEWAY, MOST_FRAMES, MOST_KEPT, MOST_KEPT_OF_A_SOCKET, TURN
from tests.chat.sockets import PATIENCE, Tab, a_user

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(f"{ROOT / name}/" for name in ("chat", "experiments", "figures", "grump", "usage"))
CLASSES = tuple(f"<class '{name}." for name in ("chat", "experiments", "figures", "grump", "usage"))
TRIES = 7
TURNS = 25  # of which the second half is looked at for what it leaves behind
SOCKETS = 25  # likewise
# A coroutine is "called" each time it goes on, which is the clock's choice.
BY_THE_CLOCK = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR

# Set where the process's own tasks begin, and so in all that they lead to: what they do by the clock, or for
# all turns of the last tenth of a second together, is no turn's.
BEHIND: ContextVar[bool] = ContextVar("behind the turns", default=False)


class Calls:
    """Python functions that are called in one thread. Each has a count of its own: of two that add to one,
    each loses what the other has added since it looked."""

    def __init__(self) -> None:
        self.all = self.ours = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        # Comprehensions are functions in some versions and not in others.
        code = frame.f_code
        if event == "call" and not code.co_flags & BY_THE_CLOCK and not code.co_name.startswith("<"):
            self.all += 1
            self.ours += code.co_filename.startswith(OURS)


class Counts:
    """What turns of ours take: in the thread of the event loop, in those of the database, and of Valkey."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.on_the_loop, self.jobs, self.commands = Calls(), list[Calls](), Counter[str]()

    def in_the_loops_thread(self, frame: FrameType, event: str, argument: Any) -> None:
        if not BEHIND.get():
            self.on_the_loop(frame, event, argument)

    def note_command(self, name: str | bytes) -> None:
        if not BEHIND.get():
            self.commands[(name.decode() if isinstance(name, bytes) else name).upper()] += 1

    @property
    def ours(self) -> int:
        return sum(one.ours for one in (self.on_the_loop, *self.jobs))

    @property
    def in_database(self) -> int:
        return sum(one.all for one in self.jobs)


class CountingThreads:
    """Those of the database, as the event loop knows them."""

    def __init__(self, threads: Threads, counts: Counts) -> None:
        self._threads, self._counts = threads, counts

    def do(self, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        if BEHIND.get():
            return self._threads.do(work)
        calls = Calls()
        self._counts.jobs.append(calls)

        def counted() -> Any:
            sys.setprofile(calls)
            try:
                return work()
            finally:
                sys.setprofile(None)

        return self._threads.do(counted)


@pytest.fixture
def counts(monkeypatch) -> Counts:
    counts, threads = Counts(), database._pool
    monkeypatch.setattr(database, "_pool", lambda: CountingThreads(threads(), counts))
    # However it is sent: over the wire and by synchronous clients, or by redis-py's asynchronous ones.
    pack, pack_of_theirs = hiredis.pack_command, AbstractConnection.pack_command

    def packing(command: tuple[Any, ...]) -> Any:
        counts.note_command(command[0])
        return pack(command)

    def packing_of_theirs(self: Any, *command: Any) -> Any:
        counts.note_command(command[0])
        return pack_of_theirs(self, *command)

    monkeypatch.setattr(hiredis, "pack_command", packing)
    monkeypatch.setattr(AbstractConnection, "pack_command", packing_of_theirs)
    return counts


@contextmanager
def counted(counts: Counts) -> Iterator[None]:
    counts.reset()
    sys.setprofile(counts.in_the_loops_thread)
    try:
        yield
    finally:
        sys.setprofile(None)


class WeighedTab(Tab):
    """It knows how many bytes of frames it was sent."""

    def __init__(self, user) -> None:
        super().__init__(user)
        self.sizes: list[int] = []

    async def hear(self) -> dict[str, Any]:
        raw = await self.socket.receive_from(PATIENCE)
        self.sizes.append(len(raw.encode()))
        frame = orjson.loads(raw)
        self.heard.append(frame)
        return frame


async def a_turn(tab: WeighedTab, after: dict[str, Any] | None, model: str = "mock/fast") -> dict[str, Any]:
    """Until all of it is over, `usage.update` included. `after`, and what comes back: the conversation and
    the answer that the next one follows."""
    accepted = await tab.ask("Hello", model, client_message_id=uuid.uuid4().hex, **(after or {}))
    done = (await tab.hear_answer(accepted["generation_id"]))[-1]
    while not any(frame["type"] == "usage.update" for frame in tab.heard):
        await tab.hear()
    await tab.say("ping", id="over")
    await tab.hear_until("pong")
    publisher().gather = 0
    await publisher().settled()  # the worker's task is queued behind the turn, in a thread
    return {"conversation_id": accepted["conversation_id"], "parent_id": done["message_id"]}


def begin_behind() -> None:
    BEHIND.set(True)
    runtime()


# Of no turn: pongs are the test's, and news of the usage are told for all that happens within a moment.
BESIDE = ("chat.delta", "pong", "usage.update")


async def test_a_turn_takes_what_the_table_says(mock, counts):
    tries: list[dict[str, int]] = []
    copy_context().run(begin_behind)
    async with WeighedTab(await a_user()) as tab:
        first = await a_turn(tab, None)
        for _ in range(TRIES):
            tab.heard.clear()
            tab.sizes.clear()
            mock.forget()
            with counted(counts):
                await a_turn(tab, first)  # each the second of its branch
            sized = list(zip(tab.heard, tab.sizes, strict=True))
            deltas = [size - len(frame["text"]) for frame, size in sized if frame["type"] == "chat.delta"]
            others = [size for frame, size in sized if frame["type"] not in BESIDE]
            tries.append({
                "frames beside deltas": len(others),
                "bytes of them": sum(others),
                "bytes of a delta beside its text": min(deltas),
                "requests upstream": mock.ledger.requests,
                "commands to Valkey": counts.commands.total(),
                "calls of our functions": counts.ours,
                "calls of anybody's functions in database threads": counts.in_database,
            })  # fmt: skip
    least = {name: min(one[name] for one in tries) for name in TURN}
    wanted = {name: pair[connection.vendor == "postgresql"] for name, pair in TURN.items()}
    outside = {
        name: (wanted[name], value)
        for name, value in least.items()
        if abs(value - wanted[name]) > LEEWAY.get(name, 0) * wanted[name]
    }
    assert not outside, f"{outside} of {least}; all tries: {tries}, {counts.commands}"


async def test_a_long_answer_that_comes_at_once_is_few_frames(mock):
    async with WeighedTab(await a_user()) as tab:
        accepted = await tab.ask("Hello", "mock/long")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert len(frames) <= MOST_FRAMES


async def test_a_turn_leaves_nothing_behind(mock, caplog):
    """Of objects of our classes: what each turn adds for good would be among them. Others come and go, as
    timers do, and what pools hold."""
    async with WeighedTab(await a_user()) as tab:
        first, kept = await a_turn(tab, None), []
        for number in range(TURNS):
            await a_turn(tab, first)
            tab.heard.clear()
            tab.sizes.clear()
            mock.forget()
            caplog.clear()  # pytest keeps every line of the log
            if number in (TURNS // 2, TURNS - 1):
                kept.append(ours_alive())
    each = (kept[1] - kept[0]) / (TURNS - 1 - TURNS // 2)
    assert each <= MOST_KEPT


async def test_a_socket_that_closed_leaves_nothing_behind(mock, caplog):
    """A socket, its turn and the conversation that it began. Of one that is kept there are five objects."""
    user, kept = await a_user(), []
    for number in range(SOCKETS):
        async with WeighedTab(user) as tab:
            await a_turn(tab, None)
        mock.forget()
        caplog.clear()
        if number in (SOCKETS // 2, SOCKETS - 1):
            # Until then it holds answers, and they their tabs.
            assert await runtime().live.relay.flushed(PATIENCE)
            kept.append(ours_alive())
    each = (kept[1] - kept[0]) / (SOCKETS - 1 - SOCKETS // 2)
    assert each <= MOST_KEPT_OF_A_SOCKET


def ours_alive() -> int:
    """Objects of our classes, but what waits for the collector."""
    gc.collect()
    return sum(str(type(one)).startswith(CLASSES) for one in gc.get_objects())
