"""The batcher: everything arrives, in order, soon, in few pieces."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.batch import WINDOW, Batcher
from chat.gateway.events import Event, Reasoning, Started, Text
from tests.chat.gateway.fake_time import FakeTimeLoop
from tests.chat.gateway.scripted import DONE

START = Started("p", "p/m", "simple", "why")


class Watched:
    """What was emitted, and when."""

    def __init__(self, **options) -> None:
        self.loop = asyncio.get_running_loop()
        self.emitted: list[tuple[float, Event]] = []
        self.batcher = Batcher(lambda event: self.emitted.append((self.loop.time(), event)), **options)

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.emitted]


def test_the_first_text_goes_out_at_once(in_fake_time) -> None:
    async def play() -> None:
        watched = Watched()
        watched.batcher.push(START)
        watched.batcher.push(Text("a"))
        assert watched.events == [START, Text("a")]
        watched.batcher.close()

    in_fake_time(play())


def test_text_that_follows_waits_for_the_window_and_goes_out_whole(in_fake_time) -> None:
    async def play() -> None:
        watched = Watched()
        for piece in "abc":
            watched.batcher.push(Text(piece))
        assert watched.events == [Text("a")]
        await asyncio.sleep(0.06)
        assert watched.emitted == [(0.0, Text("a")), (pytest.approx(WINDOW), Text("bc"))]
        watched.batcher.close()

    in_fake_time(play())


def test_ten_pieces_do_not_wait(in_fake_time) -> None:
    async def play() -> None:
        watched = Watched()
        for _ in range(21):
            watched.batcher.push(Text("x"))
        assert watched.events == [Text("x"), Text("x" * 10), Text("x" * 10)]
        watched.batcher.close()

    in_fake_time(play())


def test_after_silence_text_goes_out_at_once_again(in_fake_time) -> None:
    async def play() -> None:
        watched = Watched()
        watched.batcher.push(Text("a"))
        await asyncio.sleep(1)
        watched.batcher.push(Text("b"))
        assert watched.emitted == [(0.0, Text("a")), (1.0, Text("b"))]
        watched.batcher.close()

    in_fake_time(play())


def test_what_is_pending_goes_out_before_any_other_event(in_fake_time) -> None:
    async def play() -> None:
        watched = Watched()
        for event in (Text("a"), Text("b"), Reasoning("c"), Reasoning("d"), DONE):
            watched.batcher.push(event)
        assert watched.events == [Text("a"), Text("b"), Reasoning("cd"), DONE]
        watched.batcher.close()

    in_fake_time(play())


def test_closing_lets_out_what_is_pending_and_stops_the_clock(in_fake_time) -> None:
    async def play() -> None:
        watched = Watched()
        watched.batcher.push(Text("a"))
        watched.batcher.push(Text("b"))
        watched.batcher.close()
        assert watched.events == [Text("a"), Text("b")]
        await asyncio.sleep(1)
        assert len(watched.events) == 2

    in_fake_time(play())


_PUSHES = st.lists(
    st.tuples(
        st.one_of(
            st.builds(Text, st.text(min_size=1)),
            st.builds(Reasoning, st.text(min_size=1)),
            st.just(START),
            st.just(DONE),
        ),
        st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.02, 0.049, 0.05, 0.2]),
    ),
    max_size=80,
)


def merged(events: list[Event]) -> list[Event]:
    """Neighbours of one kind joined: what may not change, however it is batched."""
    whole: list[Event] = []
    for event in events:
        if whole and isinstance(event, Text | Reasoning) and type(event) is type(whole[-1]):
            whole[-1] = type(event)(whole[-1].text + event.text)  # type: ignore[union-attr]
        else:
            whole.append(event)
    return whole


@given(_PUSHES)
def test_nothing_is_lost_doubled_reordered_or_late(pushes: list[tuple[Event, float]]) -> None:
    async def play() -> None:
        watched = Watched()
        pushed_at: list[float] = []  # of every character
        for event, wait in pushes:
            if isinstance(event, Text | Reasoning):
                pushed_at += [watched.loop.time()] * len(event.text)
            watched.batcher.push(event)
            await asyncio.sleep(wait)
        watched.batcher.close()
        assert merged(watched.events) == merged([event for event, _ in pushes])
        emitted_at = [
            at for at, event in watched.emitted if isinstance(event, Text | Reasoning) for _ in event.text
        ]
        assert all(out - came <= 0.0501 for came, out in zip(pushed_at, emitted_at, strict=True))

    loop = FakeTimeLoop()
    try:
        loop.run_until_complete(play())
    finally:
        loop.close()
