"""Answers that were given before: which requests may have one, how it is kept, how it is told again."""

import asyncio
import json
import math
import unicodedata
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any, Protocol

from chat.gateway.events import CacheKind, Event, Finished, Reasoning, Started, Text, Usage
from chat.gateway.request import ChatRequest
from chat.gateway.volatile import volatile

VERSION = 1  # of what the key is made of: another one is another cache
WARMEST = 0.5  # who asks for a higher temperature asks for variety
LONGEST = 200_000  # characters of an answer that is kept
NEVER_WITH = frozenset({"tools", "tool_choice", "functions", "function_call", "logprobs", "n", "modalities"})

PACE = 1_200.0  # characters a second, about 300 tokens: quick, and still read as it comes
WHOLE_AFTER = 1.0  # seconds in which any answer is told to its end, however long it is
STEP = 0.05  # seconds between two pieces


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, with the question it was given to and who gave it."""

    question: str
    text: str
    reasoning: str
    provider: str
    model: str
    tier: str


class Store(Protocol):
    """Where answers are kept. Values are texts, bytes, numbers, and lists and dicts of them. No method may
    raise because something is away: what cannot be read is None, what cannot be kept is lost."""

    async def get(self, key: str) -> Any: ...

    async def set(
        self,
        key: str,
        value: Any,
        seconds: float,
        *,
        microusd: int = 0,
        milliseconds: int = 0,
        party: str = "",
    ) -> None:
        """`party`: for whom it was made, so that it can be forgotten with them."""
        ...

    async def close(self) -> None:
        """Let go of the running loop's connections."""
        ...


class MemoryStore:
    """Without a bound and for ever: for tests and measurements."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def get(self, key: str) -> Any:
        return self.kept.get(key)

    async def set(
        self,
        key: str,
        value: Any,
        seconds: float,
        *,
        microusd: int = 0,
        milliseconds: int = 0,
        party: str = "",
    ) -> None:
        self.kept[key] = value

    async def close(self) -> None:
        """There is nothing to let go of."""


def cacheable(request: ChatRequest, shared: bool) -> bool:
    """Whether the answer depends on nothing but what the key is made of. Pure."""
    return (
        bool(request.messages)
        and (shared or bool(request.party))
        and not request.personal
        and not request.prefill
        and (request.temperature is None or request.temperature <= WARMEST)
        and not NEVER_WITH & request.extra.keys()
        and not any(message.extra or message.role == "tool" for message in request.messages)
        and not volatile(request.messages[-1].text)
    )


def key_of(request: ChatRequest, shared: bool) -> str:
    """Of everything that shapes the answer; two parties have two keys unless the cache is shared. Pure."""
    return digest(
        "" if shared else request.party,
        [[message.role, normal(message.text)] for message in request.messages],
        *shape_of(request),
    )


def shape_of(request: ChatRequest) -> list[Any]:
    """What shapes an answer beside the messages and the party."""
    preference = request.preference if request.model == "auto" else None
    return [request.model, preference, request.max_output, request.temperature, dict(request.extra)]


def digest(*parts: Any) -> str:
    spelled = json.dumps([VERSION, *parts], sort_keys=True, default=repr, ensure_ascii=False)
    return blake2b(spelled.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def normal(text: str) -> str:
    """The same text however it was typed: one Unicode form, no space at the ends of lines."""
    return "\n".join(line.rstrip() for line in unicodedata.normalize("NFC", text).strip().splitlines())


def packed(answer: Answer) -> dict[str, str]:
    return asdict(answer)


def unpacked(value: Any) -> Answer | None:
    """None for whatever `packed` did not make."""
    try:
        answer = Answer(**value)
    except TypeError:
        return None
    return answer if answer.text and all(isinstance(part, str) for part in asdict(answer).values()) else None


class Listening:
    """Gathers a stream's events; `answer` is set once it came to a good end from a provider."""

    __slots__ = ("_parts", "_question", "_started", "_thoughts", "answer", "usage")

    def __init__(self, question: str) -> None:
        self._question = question
        self._started: Started | None = None
        self._parts: list[str] = []
        self._thoughts: list[str] = []
        self.answer: Answer | None = None
        self.usage = Usage()

    def hear(self, event: Event) -> None:
        match event:
            case Text(text):
                self._parts.append(text)
            case Reasoning(text):
                self._thoughts.append(text)
            case Started():
                self._started = event
            case Finished("stop", usage):
                self.usage = usage
                self.answer = self._whole()

    def _whole(self) -> Answer | None:
        text, begun = "".join(self._parts), self._started
        # What came out of a cache, or is somebody else's stream, is kept where it was made.
        if begun is None or begun.cached or not text or len(text) > LONGEST:
            return None
        return Answer(self._question, text, "".join(self._thoughts), begun.provider, begun.model, begun.tier)


async def told_again(
    answer: Answer, kind: CacheKind, reason: str, *, paced: bool
) -> AsyncGenerator[Event, None]:
    """The first words at once, the rest at a pace that can be followed, all of it within `WHOLE_AFTER`.
    It took nothing."""
    yield Started(answer.provider, answer.model, answer.tier, reason, cached=kind)
    if answer.reasoning:
        yield Reasoning(answer.reasoning)
    step = len(answer.text)
    if paced:
        step = max(int(PACE * STEP), math.ceil(len(answer.text) * STEP / WHOLE_AFTER))
    clock = asyncio.get_running_loop().time
    begun = clock()
    for number, start in enumerate(range(0, len(answer.text), step)):
        early = begun + number * STEP - clock()
        if early > 0:
            await asyncio.sleep(early)
        yield Text(answer.text[start : start + step])
    yield Finished("stop", Usage())


def is_paced(request: ChatRequest) -> bool:
    """A program wants its answer, a person wants to read it."""
    return request.priority in ("interactive", "regenerate")
