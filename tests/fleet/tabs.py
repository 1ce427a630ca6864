"""A tab that moves to another process when it is told to, as the page does, and notes what a user sees."""

import asyncio
import random
import time
import uuid
from collections import Counter

from websockets.exceptions import ConnectionClosed

from chat.outbox import CLOSE_RESTART
from tests.integration.processes import Web
from tests.integration.tab import ENDS, Tab, text_of

MOVE_WITHIN = 0.5  # seconds, as in static/js/lib/socket.js


class MovingTab(Tab):
    def __init__(self, web: Web, guest: str) -> None:
        super().__init__(web, guest)
        self.moves = 0
        self.moved_in_mid_answer = 0
        self.troubles: list[str] = []
        self.longest_gap = 0.0  # seconds between two frames of the answer
        self._last_at = 0.0
        self.own_id = uuid.uuid4().hex
        self.generation_id = ""

    async def ask_and_hear(self, model: str, text: str = "Tell me") -> None:
        """Until the answer has ended, through however many processes."""
        while not self.ended:
            await self.close()
            try:
                await self.open()
                await self._listen(model, text)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                if code != CLOSE_RESTART:
                    self.troubles.append(f"closed with {code}")
                self.moves += 1
                self.moved_in_mid_answer += bool(self.generation_id and not self.ended)
                await asyncio.sleep(random.random() * MOVE_WITHIN)
            except OSError as error:
                self.troubles.append(f"could not connect: {error}")
                await asyncio.sleep(random.random() * MOVE_WITHIN)

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def stay(self) -> None:
        """Go on reading until the connection is closed."""
        try:
            while True:
                await self.hear(60)
        except ConnectionClosed:
            self.moves += 1

    async def _listen(self, model: str, text: str) -> None:
        if self.generation_id:
            seen = self.numbered()
            after = seen[-1]["seq"] if seen else 0
            await self.say("chat.resume", generation_id=self.generation_id, after=after)
        else:  # perhaps for the second time: it is answered once
            await self.say("chat.send", client_message_id=self.own_id, text=text, model=model)
        while not self.ended:
            frame = await self.hear(60)
            now = time.monotonic()
            if frame.get("seq"):
                self.longest_gap = max(self.longest_gap, now - (self._last_at or now))
                self._last_at = now
            if frame["type"] == "chat.accepted" and frame.get("client_message_id") == self.own_id:
                first = not self.generation_id
                self.generation_id = frame["generation_id"]
                if first and self.moves:
                    await self.say("chat.resume", generation_id=self.generation_id, after=0)
            elif frame["type"] == "chat.error":
                self.troubles.append(f"{frame['code']}: {frame['message']}")

    def numbered(self) -> list[dict]:
        """The answer's frames, each once, in order."""
        frames: list[dict] = []
        for frame in self.answer(self.generation_id):
            if frame["seq"] == len(frames) + 1:
                frames.append(frame)
        return frames

    @property
    def ended(self) -> bool:
        frames = self.numbered() if self.generation_id else []
        return bool(frames) and frames[-1]["type"] in ENDS

    @property
    def text(self) -> str:
        return text_of(self.numbered())


def troubles(tabs: list[MovingTab]) -> Counter[str]:
    return Counter(trouble for tab in tabs for trouble in tab.troubles)
