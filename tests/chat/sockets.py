"""A tab of a browser, as the server sees one: a session, a socket, and the frames it heard."""

import uuid
from types import TracebackType
from typing import Any, Self

import orjson
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

PATIENCE = 10.0  # seconds a test waits for a frame before it fails


def _a_session(user) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def a_user(name: str = "", **values: Any):
    name = name or f"user-{uuid.uuid4().hex[:8]}"
    return await get_user_model().objects.acreate(username=name, **values)


class Tab:
    """`async with Tab(user) as tab:` has said nothing and heard `ready`."""

    def __init__(self, user=None, *, origin: str = "http://localhost", cookie: str | None = None) -> None:
        self.user = user
        self.origin = origin
        self.cookie = cookie
        self.heard: list[dict[str, Any]] = []
        self.usage: list[dict[str, Any]] = []  # what was told of today's usage, apart from the rest

    async def connect(self) -> bool:
        from grump.asgi import application

        if self.cookie is None and self.user is not None:
            self.cookie = await sync_to_async(_a_session)(self.user)
        headers = [(b"origin", self.origin.encode()), (b"host", b"localhost")]
        if self.cookie:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={self.cookie}".encode()))
        self.socket = WebsocketCommunicator(application, "/ws/chat/", headers)
        self.socket.scope["client"] = ("198.51.100.7", 1)
        connected, _ = await self.socket.connect(PATIENCE)
        return connected

    async def __aenter__(self) -> Self:
        assert await self.connect()
        assert (await self.hear())["type"] == "ready"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.disconnect()

    async def say(self, type_: str, **fields: Any) -> None:
        await self.say_raw(orjson.dumps({"type": type_, **fields}, default=str).decode())

    async def say_raw(self, text: str) -> None:
        await self.socket.send_to(text_data=text)

    async def hear(self) -> dict[str, Any]:
        """The next frame that is not news of usage."""
        while (frame := orjson.loads(await self.socket.receive_from(PATIENCE)))["type"] == "usage.update":
            self.usage.append(frame)
        self.heard.append(frame)
        return frame

    async def hear_usage(self) -> dict[str, Any]:
        """The next news of usage, whatever else comes before it."""
        while (frame := orjson.loads(await self.socket.receive_from(PATIENCE)))["type"] != "usage.update":
            self.heard.append(frame)
        self.usage.append(frame)
        return frame

    async def hear_until(self, *types: str) -> dict[str, Any]:
        """Listen until a frame of one of these types comes, and return it."""
        while True:
            frame = await self.hear()
            if frame["type"] in types:
                return frame

    async def hear_close(self) -> int:
        """Listen until the server closes the socket, and return the code."""
        while True:
            message = await self.socket.receive_output(PATIENCE)
            if message["type"] == "websocket.close":
                return message["code"]

    async def ask(self, text: str = "Hello", model: str = "mock/fast", **fields: Any) -> dict[str, Any]:
        """Send a question and return its `chat.accepted`."""
        await self.say(
            "chat.send", **{"client_message_id": uuid.uuid4().hex, "text": text, "model": model} | fields
        )
        return await self.hear_until("chat.accepted")

    async def hear_answer(self, generation_id: str) -> list[dict[str, Any]]:
        """Every numbered frame of the generation, heard so far or still to come, up to its last."""
        while not (frames := self.answer(generation_id)) or frames[-1]["type"] not in (
            "chat.done",
            "chat.error",
        ):
            await self.hear()
        return frames

    def answer(self, generation_id: str) -> list[dict[str, Any]]:
        return [
            frame
            for frame in self.heard
            if frame.get("generation_id") == generation_id and frame.get("seq") is not None
        ]


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame.get("text", "") for frame in frames)


def seqs_of(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["seq"] for frame in frames]
