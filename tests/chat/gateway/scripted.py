"""An inner ring that does what a script says, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, replace

from chat.gateway.catalogue import Catalogue, Model, Price, Provider, Timeouts
from chat.gateway.events import Event, Finished, Reasoning, Retry, Started, Text, ToolCall, Usage
from chat.gateway.request import ChatMessage, ChatRequest


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence for so many seconds of the loop's clock."""

    seconds: float


HANG = Pause(3600.0)
DONE = Finished("stop", Usage(input_tokens=10, output_tokens=5, cost_microusd=3))

Step = Event | Pause | BaseException


class Scripted:
    """Plays one script a call, the last one again and again. `asked` holds the requests, `closed` counts
    the streams that came to an end in whatever way."""

    def __init__(self, *scripts: Iterable[Step] | Callable[[ChatRequest], Iterable[Step]]) -> None:
        self._scripts = list(scripts)
        self.asked: list[ChatRequest] = []
        self.closed = 0
        self.cancelled = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        script = self._scripts[min(len(self.asked), len(self._scripts) - 1)]
        self.asked.append(request)
        try:
            for step in script(request) if callable(script) else script:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                else:
                    yield step
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.closed += 1


def model(name: str, **differs) -> Model:
    provider, _, upstream = name.partition("/")
    plain = Model(
        name, provider, upstream, 8192, 2048, Price(1.0, 2.0), "simple", frozenset({"chat", "prefill"})
    )
    return replace(plain, **differs)


def catalogue(*models: Model, timeouts: Timeouts | None = None) -> Catalogue:
    names = {entry.provider for entry in models}
    return Catalogue(
        providers={
            name: Provider(name, "openai", "http://127.0.0.1:1/v1", timeouts=timeouts or Timeouts())
            for name in sorted(names)
        },
        models={entry.name: entry for entry in models},
    )


def ask(text: str = "hello", **kwargs) -> ChatRequest:
    return ChatRequest((ChatMessage("user", text),), **kwargs)


async def listen(stream: AsyncGenerator[Event, None]) -> list[Event]:
    return [event async for event in stream]


def text_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def kinds(events: Iterable[Event]) -> str:
    """One letter an event: S(tarted) t(ext) r(easoning) c(all) |(retry) F(inished)."""
    letters = {Started: "S", Text: "t", Reasoning: "r", ToolCall: "c", Retry: "|", Finished: "F"}
    return "".join(letters.get(type(event), "?") for event in events)
