"""The part of the benchmark that no busy machine disturbs: a turn's costs, counted."""

import gc
import inspect
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest
import redis
from django.conf import settings
from django.db import connection

from grump.lib import database
from tests.chat.costs import LEEWAY, MOST_FRAMES, MOST_KEPT, TURN
from tests.chat.sockets import PATIENCE, Tab, a_user

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(f"{ROOT / name}/" for name in ("chat", "experiments", "figures", "grump", "usage"))
CLASSES = tuple(f"<class '{name}." for name in ("chat", "experiments", "figures", "grump", "usage"))
TRIES = 7
TURNS = 25  # of which the second half is looked at for what it leaves behind
# A coroutine is "called" each time it goes on, which is the clock's choice.
BY_THE_CLOCK = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
CONNECTING = {"cmdstat_info", "cmdstat_ping", "cmdstat_hello", "cmdstat_select", "cmdstat_auth"}


class Calls:
    """Python functions that are called, in the thread of the event loop and in those of the database."""

    def __init__(self) -> None:
        self.ours = self.in_database = 0
        self._lock = threading.Lock()

    def on_the_loop(self, frame: FrameType, event: str, _: Any) -> None:
        self.ours += event == "call" and _counts(frame) and frame.f_code.co_filename.startswith(OURS)

    def in_a_thread(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and _counts(frame):
            with self._lock:
                self.in_database += 1
                self.ours += frame.f_code.co_filename.startswith(OURS)

    def reset(self) -> None:
        self.ours = self.in_database = 0


def _counts(frame: FrameType) -> bool:
    """Comprehensions are functions in some versions and not in others."""
    return not frame.f_code.co_flags & BY_THE_CLOCK and not frame.f_code.co_name.startswith("<")


@pytest.fixture
def calls(monkeypatch) -> Calls:
    calls, real = Calls(), database._run

    def run(work: Callable[[], Any]) -> Any:
        sys.setprofile(calls.in_a_thread)
        try:
            return real(work)
        finally:
            sys.setprofile(None)

    monkeypatch.setattr(database, "_run", run)
    return calls


@contextmanager
def counted(calls: Calls) -> Iterator[None]:
    calls.reset()
    sys.setprofile(calls.on_the_loop)
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


def commands() -> int:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        told = client.info("commandstats")
    return sum(stats["calls"] for name, stats in told.items() if name.partition("|")[0] not in CONNECTING)


async def a_turn(tab: WeighedTab, conversation: str | None, model: str = "mock/fast") -> str:
    """Until all of it is over, `usage.update` included; the conversation's id."""
    fields = {"conversation_id": conversation} if conversation else {}
    accepted = await tab.ask("Hello", model, client_message_id=uuid.uuid4().hex, **fields)
    await tab.hear_answer(accepted["generation_id"])
    while not any(frame["type"] == "usage.update" for frame in tab.heard):
        await tab.hear()
    await tab.say("ping", id="over")
    await tab.hear_until("pong")
    return accepted["conversation_id"]


async def test_a_turn_takes_what_the_table_says(mock, calls):
    tries: list[dict[str, int]] = []
    async with WeighedTab(await a_user()) as tab:
        conversation = await a_turn(tab, None)
        for _ in range(TRIES):
            tab.heard.clear()
            tab.sizes.clear()
            mock.forget()
            before = commands()
            with counted(calls):
                await a_turn(tab, conversation)
            sent = commands() - before
            sized = list(zip(tab.heard, tab.sizes, strict=True))
            deltas = [size - len(frame["text"]) for frame, size in sized if frame["type"] == "chat.delta"]
            others = [size for frame, size in sized if frame["type"] not in ("chat.delta", "pong")]
            tries.append({
                "frames beside deltas": len(others),
                "bytes of them": sum(others),
                "bytes of a delta beside its text": min(deltas),
                "requests upstream": mock.ledger.requests,
                "commands to Valkey": sent,
                "calls of our functions": calls.ours,
                "calls of anybody's functions in database threads": calls.in_database,
            })  # fmt: skip
    least = {name: min(one[name] for one in tries) for name in TURN}
    wanted = {name: pair[connection.vendor == "postgresql"] for name, pair in TURN.items()}
    outside = {
        name: (wanted[name], value)
        for name, value in least.items()
        if abs(value - wanted[name]) > LEEWAY.get(name, 0) * wanted[name]
    }
    assert not outside, f"{outside} of {least}; all tries: {tries}"


async def test_a_long_answer_that_comes_at_once_is_few_frames(mock):
    async with WeighedTab(await a_user()) as tab:
        accepted = await tab.ask("Hello", "mock/long")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert len(frames) <= MOST_FRAMES


async def test_a_turn_leaves_nothing_behind(mock, caplog):
    """Of objects of our classes: what each turn adds for good would be among them. Others come and go, as
    timers do, and what pools hold."""
    async with WeighedTab(await a_user()) as tab:
        conversation, kept = await a_turn(tab, None), []
        for number in range(TURNS):
            await a_turn(tab, conversation)
            tab.heard.clear()
            tab.sizes.clear()
            mock.forget()
            caplog.clear()  # pytest keeps every line of the log
            if number in (TURNS // 2, TURNS - 1):
                gc.collect()
                kept.append(sum(str(type(one)).startswith(CLASSES) for one in gc.get_objects()))
    each = (kept[1] - kept[0]) / (TURNS - 1 - TURNS // 2)
    assert each <= MOST_KEPT
