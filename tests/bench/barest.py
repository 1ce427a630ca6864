"""The least a Channels consumer can do and still stream: what the product's own work is measured against.

No user, no storage, no numbering, no limits. `BAREST_UPSTREAM` is the provider's base URL; with
`BAREST_BATCH` the first delta goes at once and the rest every 50 ms or 10 deltas, else each goes alone.
"""

import asyncio
import os

import aiohttp
import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

settings.configure(CHANNEL_LAYERS={}, USE_TZ=True)

UPSTREAM = os.environ["BAREST_UPSTREAM"]
BATCH = bool(os.environ.get("BAREST_BATCH"))
BATCH_SECONDS, BATCH_DELTAS = 0.05, 10

# One session for the process. Zero connections means no limit; aiohttp's own is 100.
session: aiohttp.ClientSession | None = None


def upstream() -> aiohttp.ClientSession:
    global session
    if session is None:
        connector = aiohttp.TCPConnector(limit=0)
        session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
    return session


class Barest(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        # Channels awaits a handler: a stream must not run inside it.
        self.turn = asyncio.create_task(self.relay(orjson.loads(text_data or "{}")))

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "turn"):
            self.turn.cancel()

    async def relay(self, frame: dict) -> None:
        self.pending: list[str] = []
        self.timer: asyncio.TimerHandle | None = None
        self.first = True
        messages = [{"role": "user", "content": frame["text"]}]
        body = orjson.dumps({"model": frame["model"], "messages": messages, "stream": True})
        headers = {"Content-Type": "application/json"}
        rest = b""
        asked = upstream().post(f"{UPSTREAM}/chat/completions", data=body, headers=headers)
        async with asked as response:
            async for data in response.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: {"):
                        choices = orjson.loads(line[6:])["choices"]
                        if choices and (text := choices[0]["delta"].get("content")):
                            await self.take(text)
        await self.flush()
        await self.say({"type": "chat.done"})

    async def take(self, text: str) -> None:
        if not BATCH or self.first:
            self.first = False
            await self.say({"type": "chat.delta", "text": text})
            return
        self.pending.append(text)
        if len(self.pending) >= BATCH_DELTAS:
            await self.flush()
        elif self.timer is None:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_later(BATCH_SECONDS, lambda: loop.create_task(self.flush()))

    async def flush(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.pending:
            text, self.pending = "".join(self.pending), []
            await self.say({"type": "chat.delta", "text": text})

    async def say(self, frame: dict) -> None:
        await self.send(text_data=orjson.dumps(frame).decode())


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/chat/", Barest.as_asgi())])})
