"""The ring that always finds an answer: candidate after candidate, until one speaks.

Only a *meaningful* event commits to a candidate: before it, a failure is nobody's concern, and the next one
is asked at once. After text was shown the answer goes on where it stopped, on a candidate that is given
that text as its own; the seam is a Retry event, and nothing shown is ever repeated or rewritten.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from chat.gateway import metrics
from chat.gateway.catalogue import Catalogue
from chat.gateway.counting import count_tokens
from chat.gateway.errors import GatewayError
from chat.gateway.events import Event, Finished, Queued, Reasoning, Retry, Started, Text, ToolCall, Usage
from chat.gateway.hedging import Hedging
from chat.gateway.plan import MOST_ATTEMPTS, Plan, Step
from chat.gateway.pricing import Counter, estimated, priced, total
from chat.gateway.race import Runner, race
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.routing import Candidate, Health, candidates
from chat.gateway.seam import Seam


class Fallback:
    """`providers` by name; `health` is asked once a request."""

    def __init__(
        self,
        providers: Mapping[str, Ring],
        catalogue: Catalogue,
        health: Callable[[], Health],
        *,
        most_attempts: int = MOST_ATTEMPTS,
        count: Counter = count_tokens,
        dice: Callable[[], float] = random.random,
        hedging: Hedging | None = None,
    ) -> None:
        self._providers = providers
        self._catalogue = catalogue
        self._health = health
        self._most_attempts = most_attempts
        self._count = count
        self._dice = dice
        self._hedging = hedging

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        clock = asyncio.get_running_loop().time
        asked = candidates(request, self._catalogue, self._health(), self._dice)
        plan = Plan(asked, self._dice, self._most_attempts)
        step = plan.first()
        if request.deadline is None:
            request = replace(request, deadline=clock() + step.candidate.provider.timeouts.total)
        answer = _Answer(request)
        troubles: list[str] = []
        patience = self._hedging.patience(request, step.candidate) if self._hedging else None
        while True:
            candidate = step.candidate
            try:
                if patience is None:
                    opened = self._open(answer, candidate)
                else:
                    candidate, opened = await self._raced(answer, candidate, patience, plan, troubles)
                    patience = None
                async with aclosing(opened) as events:
                    async for event in answer.taken(events, candidate, troubles):
                        yield event
                return
            except GatewayError as error:
                following = plan.after(candidate, error, shown=answer.has_text)
                answer.broke_off(candidate, self._count)
                if following is None or answer.cannot_go_on or _too_late(request, following, clock()):
                    raise
                troubles.append(f"{candidate.model.name}: {error.message}")
                _note_fallback(candidate, following.candidate, error)
                pause = following.pause_s
                step = following
            if pause:
                await asyncio.sleep(pause)

    def _open(self, answer: "_Answer", candidate: Candidate) -> AsyncGenerator[Event, None]:
        return self._providers[candidate.provider.name].stream(answer.attempt(candidate))

    async def _raced(
        self, answer: "_Answer", first: Candidate, patience: float, plan: Plan, troubles: list[str]
    ) -> tuple[Candidate, AsyncGenerator[Event, None]]:
        """`first`, or one that was asked beside it and spoke sooner. Their errors come out of the stream."""
        hedging = self._hedging
        assert hedging is not None

        def second() -> Runner | None:
            other = plan.beside(lambda candidate: hedging.suits(first, candidate))
            if other is None:
                return None
            if not hedging.spend():
                plan.put_back(other)
                return None
            return Runner(other, self._open(answer, other))

        winner, loser = await race(Runner(first, self._open(answer, first)), patience, second)
        if loser is not None:
            second_won = loser.candidate is first
            other = winner if second_won else loser
            names = first.model.name, other.candidate.model.name
            metrics.HEDGES.labels(*names, "yes" if second_won else "no").inc()
            if loser.failure is None:
                answer.was_not_heard(loser.candidate, self._count)
            if loser.failure is not None:
                plan.failed(loser.candidate, loser.failure)
                troubles.append(f"{loser.candidate.model.name}: {loser.failure.message}")
            elif second_won:
                hedging.lost(first, loser.waited)
                troubles.append(f"{first.model.name} took longer than it usually does.")
            else:
                plan.put_back(loser.candidate)
        answer.attempt(winner.candidate)
        return winner.candidate, winner.events()


def _too_late(request: ChatRequest, step: Step, now: float) -> bool:
    return request.deadline is not None and now + step.pause_s >= request.deadline


def _note_fallback(from_: Candidate, to: Candidate, error: GatewayError) -> None:
    if from_.model is not to.model:
        metrics.FALLBACKS.labels(from_.model.name, to.model.name, type(error).__name__).inc()


class _Answer:
    """What one request has shown so far, and what its attempts took."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._speaker: Candidate | None = None  # who was last committed to
        self._trouble = ""
        self._said: list[str] = []  # by the attempt under way, reasoning among it
        self._shown: list[str] = []  # text, by all of them
        self._spent = Usage()
        self._called_tools = False
        self._attempt = request

    @property
    def has_text(self) -> bool:
        return bool(self._shown)

    @property
    def cannot_go_on(self) -> bool:
        """Half a tool call cannot be taken over by another model."""
        return self._called_tools

    def attempt(self, candidate: Candidate) -> ChatRequest:
        prefill = self._request.prefill + "".join(self._shown)
        self._said = []
        self._attempt = replace(self._request, model=candidate.model.name, prefill=prefill)
        return self._attempt

    async def taken(
        self, events: AsyncGenerator[Event, None], candidate: Candidate, troubles: list[str]
    ) -> AsyncGenerator[Event, None]:
        """The events of one attempt as the user sees them."""
        committed = False
        seam = Seam(self._attempt.prefill if "prefill" not in candidate.model.capabilities else "")
        async for event in events:
            kind = event.__class__
            if kind is Text:
                self._said.append(event.text)  # type: ignore[union-attr]
                if seam.open:
                    text = seam.feed(event.text)  # type: ignore[union-attr]
                    if not text:
                        continue
                    event = Text(text)
                self._shown.append(event.text)  # type: ignore[union-attr]
            elif kind is Reasoning:
                self._said.append(event.text)  # type: ignore[union-attr]
            elif kind is Queued or kind is Started:
                if kind is Queued:
                    yield event
                continue
            elif kind is ToolCall:
                self._called_tools = True
            if not committed:
                committed = True
                yield self._opening(candidate, troubles)
            if kind is Finished:
                rest = seam.rest() if seam.open else ""
                if rest:
                    self._shown.append(rest)
                    yield Text(rest)
                event = self._billed(event)  # type: ignore[arg-type]
            yield event

    def _billed(self, end: Finished) -> Finished:
        return end if self._spent == Usage() else replace(end, usage=total(self._spent, end.usage))

    def broke_off(self, candidate: Candidate, count: Counter) -> None:
        """A failed attempt that had begun to speak will be on the bill. Who asked pays for its words, which
        they have read; that the question was sent once more is the house's."""
        if self._said:
            price = candidate.model.price
            used = estimated(self._attempt, self._said, price, count)
            words = priced(Usage(output_tokens=used.output_tokens, estimated=True), price)
            beside = used.cost_microusd - words.cost_microusd
            self._spent = total(self._spent, replace(words, extra_microusd=beside))

    def was_not_heard(self, candidate: Candidate, count: Counter) -> None:
        """The slower of two that were asked: it has read the question, and what it cost is the house's."""
        used = estimated(self._attempt, [], candidate.model.price, count)
        self._spent = total(self._spent, Usage(extra_microusd=used.cost_microusd))

    def _opening(self, candidate: Candidate, troubles: list[str]) -> Event:
        before, self._speaker = self._speaker, candidate
        reason = " ".join([*troubles, candidate.reason])
        if before is None:
            model = candidate.model
            name = candidate.provider.name
            return Started(name, model.name, model.tier, reason, fell_back=bool(troubles))
        return Retry(before.model.name, candidate.model.name, reason)
