"""One timer a stream, and nobody's cancellation is mistaken for it."""

import asyncio

import pytest

from chat.gateway.watchdog import Expired, Watchdog


def test_a_wait_in_time_gives_its_value(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        assert await watchdog.wait(asyncio.sleep(1, "value"), 2.0) == "value"
        watchdog.close()

    in_fake_time(play())


def test_a_wait_over_time_expires_when_it_is_due(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        with pytest.raises(Expired):
            await watchdog.wait(asyncio.sleep(10), 2.0)
        assert asyncio.get_running_loop().time() == pytest.approx(2.0)
        assert asyncio.current_task().cancelling() == 0

    in_fake_time(play())


def test_a_later_wait_has_its_own_time(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        for second in range(1, 6):
            await watchdog.wait(asyncio.sleep(1), second + 1.5)
        with pytest.raises(Expired):
            await watchdog.wait(asyncio.sleep(10), 7.0)
        assert asyncio.get_running_loop().time() == pytest.approx(7.0)

    in_fake_time(play())


def test_an_earlier_due_time_is_not_missed(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        await watchdog.wait(asyncio.sleep(1), 30.0)
        with pytest.raises(Expired):
            await watchdog.wait(asyncio.sleep(10), 3.0)
        assert asyncio.get_running_loop().time() == pytest.approx(3.0)

    in_fake_time(play())


def test_time_between_two_waits_does_not_count(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        await watchdog.wait(asyncio.sleep(1), 2.0)
        await asyncio.sleep(100)  # the reader takes its time
        assert await watchdog.wait(asyncio.sleep(1, "value"), 102.5) == "value"
        watchdog.close()

    in_fake_time(play())


def test_cancellation_from_outside_stays_one(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        task = asyncio.ensure_future(watchdog.wait(asyncio.sleep(10), 5.0))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        watchdog.close()

    in_fake_time(play())


def test_cancellation_in_the_same_moment_wins(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(watchdog.wait(asyncio.sleep(10), 5.0))
        loop.call_at(5.0, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    in_fake_time(play())


def test_inside_a_timeout_each_finds_its_own(in_fake_time) -> None:
    async def play() -> None:
        watchdog = Watchdog()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await watchdog.wait(asyncio.sleep(10), 5.0)
        with pytest.raises(Expired):
            async with asyncio.timeout(10):
                await watchdog.wait(asyncio.sleep(10), 5.0)

    in_fake_time(play())


def test_an_error_of_what_is_awaited_passes(in_fake_time) -> None:
    async def play() -> None:
        async def fails() -> None:
            raise KeyError("inner")

        watchdog = Watchdog()
        with pytest.raises(KeyError):
            await watchdog.wait(fails(), 5.0)
        watchdog.close()

    in_fake_time(play())


def test_what_swallows_our_cancellation_does_not_leave_it_behind(in_fake_time) -> None:
    async def play() -> None:
        async def stubborn() -> str:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                return "anyway"
            return ""

        watchdog = Watchdog()
        assert await watchdog.wait(stubborn(), 1.0) == "anyway"
        assert asyncio.current_task().cancelling() == 0
        watchdog.close()

    in_fake_time(play())
