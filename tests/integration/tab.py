"""A browser's tab without the browser: a session from `GET /`, and a real socket to a web process."""

import asyncio
import uuid
from types import TracebackType
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.integration.processes import Web

PATIENCE = 10.0  # seconds a test waits for a frame before it fails


def a_guest(web: Web) -> str:
    """The cookie of a visitor who has just loaded the page."""
    response = web.get("/")
    assert response.status == 200
    cookies = response.headers.get_all("Set-Cookie") or []
    return next(one.partition(";")[0] for one in cookies if one.startswith("sessionid="))


class Tab:
    """`async with Tab(web, guest) as tab:` has said nothing and heard `ready`."""

    def __init__(self, web: Web, guest: str, origin: str | None = None) -> None:
        self.web, self.guest = web, guest
        self.origin = origin or web.url
        self.heard: list[dict[str, Any]] = []
        self.usage: list[dict[str, Any]] = []  # what was told of today's usage, apart from the rest
        self._socket: ClientConnection | None = None

    async def open(self, unread: int | None = None) -> None:
        """`unread`: how many frames may wait here before nothing more is read off the connection."""
        self._socket = await connect(
            f"ws://{self.web.host}/ws/chat/",
            additional_headers={"Origin": self.origin, "Cookie": self.guest},
            max_size=None,
            max_queue=unread,  # None: a tab that nobody listens to still takes everything
            proxy=None,
        )

    async def __aenter__(self) -> Self:
        await self.open()
        assert (await self.hear())["type"] == "ready"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send(orjson.dumps({"type": type_, **fields}, default=str).decode())

    async def hear(self, patience: float = PATIENCE) -> dict[str, Any]:
        async with asyncio.timeout(patience):
            while (frame := orjson.loads(await self.socket.recv()))["type"] == "usage.update":
                self.usage.append(frame)
        self.heard.append(frame)
        return frame

    async def hear_until(self, *types: str, patience: float = PATIENCE) -> dict[str, Any]:
        """Listen until a frame of one of these types comes, and return it."""
        async with asyncio.timeout(patience):
            while (frame := await self.hear(patience))["type"] not in types:
                pass
        return frame

    async def ask(self, text: str = "Hello", model: str = "mock/fast", **fields: Any) -> dict[str, Any]:
        """Send a question and return its `chat.accepted`."""
        ours = {"client_message_id": uuid.uuid4().hex, "text": text, "model": model}
        await self.say("chat.send", **ours | fields)
        return await self.hear_until("chat.accepted")

    async def hear_texts(self, generation_id: str, count: int) -> str:
        """Listen until `count` pieces of text have come; returns the text so far."""
        while sum("text" in frame for frame in self.answer(generation_id)) < count:
            await self.hear()
        return text_of(self.answer(generation_id))

    async def hear_answer(self, generation_id: str, patience: float = PATIENCE) -> list[dict[str, Any]]:
        """Every numbered frame of the generation, heard so far or still to come, up to its last."""
        while not (frames := self.answer(generation_id)) or frames[-1]["type"] not in ENDS:
            await self.hear(patience)
        return frames

    def answer(self, generation_id: str) -> list[dict[str, Any]]:
        return [one for one in self.heard if one.get("generation_id") == generation_id and one.get("seq")]


ENDS = ("chat.done", "chat.error")


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame.get("text", "") for frame in frames)
