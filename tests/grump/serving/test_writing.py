"""What a socket under daphne is written: the same bytes as autobahn's, sent in one go."""

import asyncio
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from grump.serving.writing import Promptly, text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_what_a_library_for_websockets_makes_of_it(length: int) -> None:
    text = "x" * length
    assert text_frame(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def test_its_length_is_that_of_the_bytes() -> None:
    text = "世界 🙂" * 12
    assert text_frame(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class Transport:
    """As far as it is asked: a TCP connection of Twisted's that takes `room` bytes at once."""

    def __init__(self, room: int = 1_000) -> None:
        self.room = room
        self.dataBuffer = b""
        self.sent: list[bytes] = []
        self.waiting = 0  # how often it was asked to wait for room
        self.number = 3
        self.failing: Any = None

    def startWriting(self) -> None:  # noqa: N802 - Twisted's name
        self.waiting += 1

    def fileno(self) -> int:
        return self.number

    def write(self, data: bytes) -> None:
        self.dataBuffer += data
        self.startWriting()

    def doWrite(self) -> Any:  # noqa: N802 - Twisted's name
        if isinstance(self.failing, Exception):
            raise self.failing
        if self.failing:
            return self.failing
        self.sent.append(self.dataBuffer[: self.room])
        self.dataBuffer = self.dataBuffer[self.room :]
        return None


async def around() -> None:
    """One round of the loop."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_what_is_written_in_one_round_is_sent_together() -> None:
    transport = Transport()
    Promptly(transport)
    transport.write(b"one ")
    transport.write(b"two")
    assert transport.sent == []
    await around()
    assert transport.sent == [b"one two"]
    transport.write(b"three")
    await around()
    assert transport.sent == [b"one two", b"three"]
    assert transport.waiting == 0


async def test_what_finds_no_room_waits_for_it() -> None:
    transport = Transport(room=4)
    Promptly(transport)
    transport.write(b"one two")
    await around()
    assert (transport.sent, transport.dataBuffer, transport.waiting) == ([b"one "], b"two", 1)


@pytest.mark.parametrize("trouble", [ConnectionError(), "done"])
async def test_trouble_and_the_end_are_left_to_the_reactor(trouble: Any) -> None:
    transport = Transport()
    Promptly(transport)
    transport.failing = trouble
    transport.write(b"one")
    await around()
    assert transport.waiting == 1


async def test_a_connection_that_was_closed_meanwhile_is_not_written_to() -> None:
    transport = Transport()
    Promptly(transport)
    transport.write(b"one")
    transport.number = -1
    await around()
    assert transport.sent == []
    assert transport.waiting == 0


async def test_when_it_leaves_the_transport_is_as_it_was() -> None:
    transport = Transport()
    Promptly(transport).leave()
    transport.write(b"one")
    await around()
    assert (transport.sent, transport.waiting) == ([], 1)
