"""People and programs that use the product as their clients do: they come back, send again and go on reading.

A question counts as lost when it was never answered to its end, or when what was heard or what is stored is
not, to the byte, what the provider says to it.
"""

import asyncio
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.fakes.scenarios import LOAD_TOKENS, LOAD_TOKENS_LONG
from tests.fakes.words import answer_to
from tests.integration.processes import WebProcess
from tests.integration.tab import Tab
from tests.load.place import LONG_MODEL, MODEL

LENGTHS = {MODEL: LOAD_TOKENS, LONG_MODEL: LOAD_TOKENS_LONG}  # tokens
PATIENCE = 8.0  # seconds without a frame after which a client looks whether the socket still lives
GIVES_UP = 60.0  # seconds after the end of the run
GONE = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError, aiohttp.ClientError, ValueError)


@dataclass
class Books:
    """What all users saw."""

    first_word_s: list[tuple[float, float]] = field(default_factory=list)  # when asked, how long it took
    answered_s: list[tuple[float, float]] = field(default_factory=list)
    questions: list["Question"] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)  # reconnects, retries, errors by code
    wrong: list[str] = field(default_factory=list)


@dataclass
class Question:
    prompt: str
    model: str = MODEL
    asked: float = field(default_factory=time.monotonic)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    generation: str = ""
    message: str = ""
    text: str = ""
    seq: int = 0
    done: float = 0.0
    first: float = 0.0
    begins_with: str = ""
    owner: str = ""  # its session, empty for a program's

    @property
    def expected(self) -> str:
        return "".join(answer_to(self.prompt, LENGTHS[self.model]))


class Person:
    """One tab. `slowness`: seconds between two reads, for a reader who cannot keep up."""

    def __init__(
        self,
        webs: list[WebProcess],
        books: Books,
        dice: random.Random,
        slowness: float = 0,
        model: str = MODEL,
    ) -> None:
        self._webs, self._books, self._dice, self._slowness = webs, books, dice, slowness
        self._model = model
        self._session = ""
        self._tab: Tab | None = None
        self._conversation: str | None = None

    async def live(self, until: float, think: float, prompts: "Prompts") -> None:
        """Ask, read, think, until the clock says so; what was asked is always read to its end."""
        await asyncio.sleep(self._dice.random() * think)
        while time.monotonic() < until:
            await self.ask(Question(prompts.next(), self._model), until)
            if self._dice.random() < 0.1:
                await self._leave()  # closes the page; the next question opens it again
            if self._dice.random() < 0.1:
                self._conversation = None
            await asyncio.sleep(self._dice.expovariate(1 / think))
        await self._leave()

    async def ask(self, question: Question, until: float) -> None:
        self._books.questions.append(question)
        pause = 0.2
        while not question.done and time.monotonic() < until + GIVES_UP:
            try:
                await self._go_on(question)
                pause = 0.2
            except GONE:
                self._books.seen["reconnected"] += 1
                await self._leave()  # a socket that is given up is closed, or the server keeps it
                await asyncio.sleep(pause * (0.5 + self._dice.random()))
                pause = min(pause * 2, 3.0)
        if question.done:
            self._books.first_word_s.append((question.asked, question.first - question.asked))
            self._books.answered_s.append((question.asked, question.done - question.asked))

    async def _go_on(self, question: Question) -> None:
        tab = await self._open()
        if question.generation:
            await tab.say("chat.resume", generation_id=question.generation, after=question.seq)
        else:
            fields = {"conversation_id": self._conversation} if self._conversation else {}
            await tab.say(
                "chat.send",
                client_message_id=question.id,
                text=question.prompt,
                model=question.model,
                **fields,
            )
        while not question.done:
            frame = orjson.loads(await asyncio.wait_for(tab.socket.recv(), PATIENCE))
            if self._slowness:
                await asyncio.sleep(self._slowness)
            await self._hear(tab, question, frame)

    async def _hear(self, tab: Tab, question: Question, frame: dict) -> None:
        kind = frame["type"]
        if kind == "chat.accepted" and (
            frame.get("client_message_id") == question.id or frame.get("id") == question.id
        ):
            again = question.generation != frame["generation_id"]
            question.generation, question.message = frame["generation_id"], frame["message_id"]
            question.owner, self._conversation = self._session, frame["conversation_id"]
            if again:
                question.seq, question.text = 0, ""
                await tab.say("chat.resume", generation_id=question.generation, after=0)
            return
        if kind == "chat.error" and not frame.get("seq"):
            if (
                frame.get("client_message_id") == question.id
                or frame.get("generation_id") == question.generation
            ):
                self._books.seen[f"told {frame['code']}"] += 1
                await asyncio.sleep(frame.get("retry_after_s") or 0.5)
                raise TimeoutError  # as a person would: once more
            return
        if frame.get("generation_id") != question.generation or not frame.get("seq"):
            return
        self._number(question, frame)
        if text := frame.get("text", ""):
            question.first = question.first or time.monotonic()
            question.text += text
        if kind == "chat.done":
            question.done = time.monotonic()
            if question.text != question.expected:
                self._books.wrong.append(f"heard {question.text[-40:]!r} of {question.prompt!r}")
        elif kind == "chat.error":
            # "Continue", as the page offers it.
            self._books.seen[f"continued after {frame['code']}"] += 1
            await asyncio.sleep(0.3)
            await tab.say(
                "chat.regenerate",
                message_id=question.message,
                model=question.model,
                id=question.id,
                **{"continue": True},
            )

    def _number(self, question: Question, frame: dict) -> None:
        number = frame["seq"]
        if number <= question.seq and number != 1:
            frame["text"] = ""  # had already, by both the live stream and the replay
        elif number == 1 and question.seq:
            question.text, question.seq = "", 1  # the answer is told anew
        elif number != question.seq + 1:
            self._books.wrong.append(f"a gap: {question.seq} to {number} of {question.prompt!r}")
            question.seq = number
        else:
            question.seq = number

    async def _open(self) -> Tab:
        if self._tab is not None:
            return self._tab
        web = self._dice.choice(self._webs)
        if not self._session:
            async with (
                aiohttp.ClientSession() as http,
                http.get(web.url + "/", timeout=aiohttp.ClientTimeout(20)) as page,
            ):
                self._session = f"sessionid={page.cookies['sessionid'].value}" if page.status == 200 else ""
                if not self._session:
                    raise TimeoutError
        tab = Tab(web, self._session)
        await asyncio.wait_for(tab.open(), 20)
        await asyncio.wait_for(tab.socket.recv(), 20)
        self._tab = tab
        return tab

    async def _leave(self) -> None:
        if self._tab is not None:
            try:
                await asyncio.wait_for(self._tab.socket.close(), 5)
            except GONE:
                pass
            self._tab = None


class Program:
    """A client of `/v1` that streams, and sends the same call again until it has all of the answer."""

    def __init__(self, webs: list[WebProcess], books: Books, dice: random.Random, key: str) -> None:
        self._webs, self._books, self._dice, self._key = webs, books, dice, key

    async def live(self, until: float, think: float, prompts: "Prompts") -> None:
        await asyncio.sleep(self._dice.random() * think)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60, sock_read=PATIENCE * 2)) as http:
            while time.monotonic() < until:
                await self._ask(http, Question(prompts.next()), until)
                await asyncio.sleep(self._dice.expovariate(1 / think))

    async def _ask(self, http: aiohttp.ClientSession, question: Question, until: float) -> None:
        self._books.questions.append(question)
        pause = 0.2
        while not question.done and time.monotonic() < until + GIVES_UP:
            try:
                await self._call(http, question)
            except GONE:
                self._books.seen["called again"] += 1
                await asyncio.sleep(pause * (0.5 + self._dice.random()))
                pause = min(pause * 2, 3.0)
        if question.done:
            self._books.first_word_s.append((question.asked, question.first - question.asked))
            self._books.answered_s.append((question.asked, question.done - question.asked))

    async def _call(self, http: aiohttp.ClientSession, question: Question) -> None:
        body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": question.prompt}]}
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": question.id}
        url = self._dice.choice(self._webs).url + "/v1/chat/completions"
        async with http.post(url, json=body, headers=headers) as answer:
            if answer.status != 200:
                self._books.seen[f"told {answer.status}"] += 1
                await asyncio.sleep(min(float(answer.headers.get("Retry-After", 0.5)), 3))
                raise TimeoutError
            text = ""
            async for line in answer.content:
                if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
                    chunk = orjson.loads(line[6:])
                    if "error" in chunk:
                        self._books.seen[f"told {chunk['error']['code']}"] += 1
                        # This call has ended so; what asks anew is a new one.
                        question.id = uuid.uuid4().hex
                        raise TimeoutError
                    for choice in chunk["choices"]:
                        if piece := choice["delta"].get("content"):
                            question.first = question.first or time.monotonic()
                            text += piece
                elif line.startswith(b"data: [DONE]"):
                    question.done = time.monotonic()
        if question.done and text != question.expected:
            self._books.wrong.append(f"/v1 heard {text[-40:]!r} of {question.prompt!r}")
        if not question.done:
            raise TimeoutError


class Prompts:
    """No two alike, in words or in meaning: no cache may answer in the provider's place."""

    def __init__(self, dice: random.Random) -> None:
        self._dice, self._number = dice, 0

    def next(self) -> str:
        self._number += 1
        return f"{self._number} {self._dice.getrandbits(64):x}"
