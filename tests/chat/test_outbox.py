"""Frames wait for a slow reader in order and within bounds."""

import asyncio

from chat.outbox import CLOSE_REVOKED, CLOSE_TOO_SLOW, Outbox


class Socket:
    """A socket that takes frames only while its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.sent: list[str] = []
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.got = asyncio.Condition()

    async def send(self, frame: str) -> None:
        await self.gate.wait()
        async with self.got:
            self.sent.append(frame)
            self.got.notify_all()

    async def shut(self, code: int) -> None:
        self.code.set_result(code)

    async def until(self, count: int) -> None:
        async with self.got:
            await self.got.wait_for(lambda: len(self.sent) >= count)


async def an_outbox(**bounds) -> tuple[Socket, Outbox]:
    socket = Socket()
    outbox = Outbox(socket.send, socket.shut, **bounds)
    outbox.open()
    return socket, outbox


async def test_frames_arrive_in_the_order_they_were_put():
    socket, outbox = await an_outbox()
    for number in range(100):
        outbox.put(str(number))
    socket.gate.set()
    await socket.until(100)
    assert socket.sent == [str(number) for number in range(100)]
    outbox.close()


async def test_a_reader_that_is_too_slow_is_let_go_instead_of_remembered_for_ever():
    socket, outbox = await an_outbox(most=1000)
    for _ in range(50):
        outbox.put("x" * 100)
    socket.gate.set()
    assert await asyncio.wait_for(socket.code, 5) == CLOSE_TOO_SLOW
    assert len(socket.sent) <= 10
    outbox.put("late")  # dropped in silence
    outbox.close()


async def test_a_socket_that_is_told_to_go_first_hears_what_was_waiting():
    socket, outbox = await an_outbox()
    outbox.put("last words")
    outbox.finish(CLOSE_REVOKED)
    socket.gate.set()
    assert await asyncio.wait_for(socket.code, 5) == CLOSE_REVOKED
    assert socket.sent == ["last words"]
    outbox.close()
