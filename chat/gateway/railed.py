"""The ring that lets nothing pass which NeMo Guardrails object to: the question before it is asked, the
answer in windows while it comes. It is there only where an installation has guardrails.

Held, a window is shown once it was checked: the stream behind waits in its connection meanwhile. Shown first,
it is checked beside the stream, which stops where a rail objects; what was shown until then stays.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chat.gateway.errors import GuardrailBlocked
from chat.gateway.events import Event, Finished, Reasoning, Text, ToolCall
from chat.gateway.guardrails import Guardrails, Rail, Verdict
from chat.gateway.request import ChatRequest, Ring
from grump.lib.tasks import end_tasks

# Characters; about NeMo's own 200 tokens, with 50 of what stands before. The first window is short, as
# somebody waits.
FIRST, WINDOW, CONTEXT = 200, 800, 200

ASKED = "A rule of this installation stopped the question."
SAID = "A rule of this installation stopped the answer."


class Railed:
    def __init__(self, inner: Ring, guardrails: Guardrails) -> None:
        self._inner = inner
        self._guardrails = guardrails

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        settings = self._guardrails.settings
        question = _question(request)
        if "input" in settings.rails and question:
            await self._pass("input", question, "", ASKED)
        checked = "output" in settings.rails
        events = self._inner.stream(request)
        if checked:
            watched = self._shown_first if settings.shows_first else self._held
            events = watched(events, question, request.prefill[-CONTEXT:])
        async with aclosing(events):
            async for event in events:
                yield event

    async def _held(
        self, inner: AsyncGenerator[Event, None], question: str, context: str
    ) -> AsyncGenerator[Event, None]:
        window = _Window(context)
        held: list[Event] = []
        async with aclosing(inner) as events:
            async for event in events:
                window.hear(event)
                if window.unchecked or held:
                    held.append(event)
                else:
                    yield event  # nothing of it was said by a model
                if window.full or (held and isinstance(event, Finished)):
                    if window.unchecked:
                        await self._pass("output", question, window.take(), SAID)
                    for one in held:
                        yield one
                    held.clear()

    async def _shown_first(
        self, inner: AsyncGenerator[Event, None], question: str, context: str
    ) -> AsyncGenerator[Event, None]:
        window = _Window(context)
        checking: asyncio.Task[None] | None = None
        try:
            async with aclosing(inner) as events:
                async for event in events:
                    if checking is not None and checking.done():
                        checking.result()  # raises what it raised
                        checking = None
                    window.hear(event)
                    if isinstance(event, Finished):
                        if checking is not None:
                            await checking
                            checking = None
                        if window.unchecked:
                            await self._pass("output", question, window.take(), SAID)
                    elif window.full and checking is None:
                        text = window.take()
                        checking = asyncio.create_task(
                            self._pass("output", question, text, SAID), name="check an answer"
                        )
                    yield event
        finally:
            if checking is not None:
                await end_tasks([checking])

    async def _pass(self, rail: Rail, question: str, said: str, refusal: str) -> None:
        """Raises GuardrailBlocked, or GuardrailsAway."""
        messages = [{"role": "user", "content": question}] if question else []
        if said:
            messages.append({"role": "assistant", "content": said})
        if await self._guardrails.check(rail, messages) is Verdict.BLOCKED:
            raise GuardrailBlocked(refusal)


def _question(request: ChatRequest) -> str:
    """What was asked since the last answer: what came before was checked when it was asked."""
    texts: list[str] = []
    for message in reversed(request.messages):
        if message.role == "assistant":
            break
        if message.role != "system":
            texts.append(message.text)
    return "\n\n".join(text for text in reversed(texts) if text)


class _Window:
    """What a model has said and no rail has seen, with the end of what stood before it."""

    def __init__(self, context: str) -> None:
        self._context = context
        self._parts: list[str] = []
        self._size = 0
        self._most = FIRST

    def hear(self, event: Event) -> None:
        match event:
            case Text(text) | Reasoning(text):
                self._add(text)
            case ToolCall():
                self._add(event.name + event.arguments)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)

    @property
    def unchecked(self) -> bool:
        return self._size > 0

    @property
    def full(self) -> bool:
        return self._size >= self._most

    def take(self) -> str:
        text = self._context + "".join(self._parts)
        self._context = text[-CONTEXT:]
        self._parts.clear()
        self._size = 0
        self._most = WINDOW
        return text
