"""The load run itself, small and short: what it breaks is broken for seconds, and nothing may be lost."""

import asyncio
from types import SimpleNamespace

import pytest

from tests.load import faults
from tests.load.place import Place
from tests.load.run import Load, Report, run
from tests.load.users import Books, Person, Question


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path / "place", postgres=False)
    yield place
    place.close()


def test_nothing_is_lost_while_the_fleet_is_broken(place, monkeypatch):
    monkeypatch.setattr(faults, "HELD", 1.0)
    monkeypatch.setattr(faults, "STORMS", 1)
    wanted = ("restart web", "hang Valkey", "provider storm")
    load = Load(people=6, programs=2, slow=0, think=1.0, calm=0.5)
    report = asyncio.run(run(place, load, {name: faults.FAULTS[name] for name in wanted}))
    assert report.problems == []
    assert len(report.books.questions) > 10
    assert [name for name, _, _ in report.faults] == list(wanted)


class _NoTab:
    async def say(self, *_: object, **__: object) -> None: ...


async def heard(*frames: dict) -> Books:
    books = Books()
    person = Person([], books, SimpleNamespace(), 0)  # type: ignore[arg-type]
    question = Question("1 a question", generation="g")
    for frame in frames:
        await person._hear(_NoTab(), question, {"generation_id": "g", **frame})  # type: ignore[arg-type]
    return books


async def test_an_answer_that_is_not_the_providers_is_noticed():
    books = await heard({"type": "chat.delta", "seq": 1, "text": "no"}, {"type": "chat.done", "seq": 2})
    assert len(books.wrong) == 1


async def test_a_gap_between_two_frames_is_noticed():
    whole = Question("1 a question").expected
    books = await heard(
        {"type": "chat.start", "seq": 1},
        {"type": "chat.delta", "seq": 3, "text": whole},
        {"type": "chat.done", "seq": 4},
    )
    assert len(books.wrong) == 1
    assert "a gap" in books.wrong[0]


async def test_what_is_told_twice_counts_once_and_what_is_told_anew_replaces():
    whole = Question("1 a question").expected
    books = await heard(
        {"type": "chat.start", "seq": 1},
        {"type": "chat.delta", "seq": 2, "text": "lost words"},
        {"type": "chat.start", "seq": 1},
        {"type": "chat.delta", "seq": 2, "text": whole[:9]},
        {"type": "chat.delta", "seq": 2, "text": whole[:9]},
        {"type": "chat.delta", "seq": 3, "text": whole[9:]},
        {"type": "chat.done", "seq": 4},
    )
    assert books.wrong == []


def test_what_was_never_answered_is_a_problem():
    report = Report(Load(), lost=["a question"], stored={"running": 1, "holds": 0, "differences": 0})
    assert report.problems == ["lost: a question", "running left: 1"]
