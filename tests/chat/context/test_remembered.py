"""What a worker remembers of conversations it forgets, also when nobody asks it for another fit."""

import time

import pytest

from chat.context import remembered


@pytest.fixture
def timers(monkeypatch):
    """The timers that were begun; none of them runs by itself."""
    begun: list[tuple[float, object]] = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, work: object) -> None:
            begun.append((seconds, work))

        def start(self) -> None: ...

    monkeypatch.setattr(remembered.threading, "Timer", Timer)
    monkeypatch.setattr(remembered, "_conversations", type(remembered._conversations)())
    monkeypatch.setattr(remembered, "_later", None)
    return begun


def test_an_idle_worker_forgets_what_was_not_used_for_its_time(timers):
    now = time.monotonic()
    remembered._conversations["old"] = remembered._Conversation(used_at=now - remembered.KEPT - 1)
    remembered._conversations["new"] = remembered._Conversation(used_at=now)
    remembered._look_later()
    remembered._look_later()
    assert len(timers) == 1  # one waits, however many fits are made
    seconds, look = timers.pop()
    assert seconds == remembered.KEPT
    look()
    assert list(remembered._conversations) == ["new"]
    assert len(timers) == 1  # for what is left
    remembered._conversations["new"].used_at = now - remembered.KEPT - 1
    timers.pop()[1]()
    assert not remembered._conversations
    assert not timers


def test_no_more_is_remembered_than_there_is_room_for(timers):
    now = time.monotonic()
    for name in ("oldest", "large", "newest"):
        size = remembered.MOST_SIZE if name == "large" else 1
        remembered._conversations[name] = remembered._Conversation(used_at=now, size=size)
    remembered._make_room(now)
    assert list(remembered._conversations) == ["newest"]
    for number in range(2 * remembered.MOST):
        remembered._conversations[str(number)] = remembered._Conversation(used_at=now, size=1)
    remembered._make_room(now)
    assert len(remembered._conversations) == remembered.MOST
