"""The ring that answers a question which means what an earlier one meant.

Only where being wrong is improbable: a first turn, short, of lasting truth, nothing personal, in the same
partition; no guard objects (wording.py), and the score passes a threshold that was calibrated to an error
bound (resemblance.py). Vectors that are not there within `BUDGET` are not waited for.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from chat.gateway import metrics
from chat.gateway.answers import (
    Answer,
    Listening,
    Store,
    cacheable,
    digest,
    is_paced,
    key_of,
    shape_of,
    told_again,
    unpacked,
)
from chat.gateway.embedding import Embedder, Vector
from chat.gateway.errors import GatewayError
from chat.gateway.events import Event
from chat.gateway.feedback import Feedback
from chat.gateway.language import language
from chat.gateway.neighbours import Neighbours
from chat.gateway.request import ChatRequest, Ring
from chat.gateway.resemblance import Resemblance
from chat.gateway.shelf import Shelf
from chat.gateway.volatile import personal
from chat.gateway.wording import objection

T = TypeVar("T")
logger = logging.getLogger(__name__)

REASON = "A question that means the same was answered before."
BUDGET = 0.025  # seconds that a user waits for the vector of the question and for the match
LONGEST, LEAST = 300, 3  # characters of a question, and its words
CANDIDATES = 4
REMEMBERED = 1_000  # answers given from here that may still be called wrong


class Semantic:
    """`inner` is asked where nothing fits. `store` is the exact cache's: an answer is kept once, under its
    own question, and found here by what it means."""

    def __init__(
        self,
        inner: Ring,
        store: Store,
        embedder: Embedder,
        resemblance: Resemblance,
        *,
        error: float = 0.02,
        shared: bool = False,
        budget: float = BUDGET,
    ) -> None:
        self._inner = inner
        self._store = store
        self._embedder = embedder
        self._resemblance = resemblance
        self._shared = shared
        self._budget = budget
        self._feedback = Feedback(resemblance.threshold(error), error)
        self._shelf = Shelf(store, Neighbours())
        self._given: OrderedDict[str, None] = OrderedDict()
        self._working: set[asyncio.Task[Any]] = set()  # a task nobody holds may be collected

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        question = self._question(request)
        if not question:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    yield event
            return
        key = key_of(request, self._shared)
        partition = self._partition(request, question)
        same = digest(request.party, question)  # "ask again" may name another model
        if request.fresh and request.priority != "background":
            self._heard_again(same)
        vector = self._begin(self._vector(question))
        found = None if request.fresh else await self._match(partition, question, vector)
        if found is not None:
            self._give(same)
            telling = told_again(found, "semantic", REASON, paced=is_paced(request))
            async with aclosing(telling) as events:
                async for event in events:
                    yield event
            return
        heard = Listening(question)
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                heard.hear(event)
                if heard.answer is not None:
                    self._begin(self._keep(partition, key, vector, request.party))
                yield event

    async def settled(self) -> None:
        """Until everything that was to be kept has been."""
        while self._working:
            await asyncio.wait(set(self._working))

    def _question(self, request: ChatRequest) -> str:
        """The one question of a first turn; empty where nothing like it may be answered from before."""
        asked = [message for message in request.messages if message.role != "system"]
        if len(asked) != 1 or asked[0].role != "user" or not cacheable(request, self._shared):
            return ""
        text = asked[0].text.strip()
        fits = len(text) <= LONGEST and len(text.split()) >= LEAST and not personal(text)
        return text if fits else ""

    def _partition(self, request: ChatRequest, question: str) -> str:
        systems = [message.text for message in request.messages if message.role == "system"]
        party = "" if self._shared else request.party
        return digest(party, systems, language(question), self._embedder.model.name, *shape_of(request))

    async def _match(
        self, partition: str, question: str, vector: "asyncio.Task[Vector | None]"
    ) -> Answer | None:
        """Whatever is slow or fails is a miss; the vector is made in any case, for keeping."""
        try:
            async with asyncio.timeout(self._budget):
                await self._shelf.load(partition)
                numbers = await asyncio.shield(vector)
                return None if numbers is None else await self._best(partition, question, numbers)
        except TimeoutError:
            metrics.SEMANTIC_LATE.inc()
            return None

    async def _best(self, partition: str, question: str, vector: Vector) -> Answer | None:
        best, most = None, self._feedback.threshold
        for key, cosine in self._shelf.nearest(partition, vector, CANDIDATES):
            answer = unpacked(await self._store.get(f"answers:{key}"))
            if answer is None or objection(question, answer.question):
                continue
            score = self._resemblance.score(question, answer.question, cosine)
            if score >= most:
                best, most = answer, score
        return best

    async def _vector(self, question: str) -> Vector | None:
        try:
            return (await self._embedder.embed([question])).vectors[0]
        except GatewayError as error:
            logger.info("A question has no vector: %s", type(error).__name__)
            return None

    async def _keep(
        self, partition: str, key: str, vector: "asyncio.Task[Vector | None]", party: str
    ) -> None:
        numbers = await vector
        if numbers is not None:
            await self._shelf.add(partition, key, numbers, party)

    def _give(self, same: str) -> None:
        metrics.FROM_CACHE.labels("semantic").inc()
        self._feedback.given()
        self._given[same] = None
        if len(self._given) > REMEMBERED:
            self._given.popitem(last=False)

    def _heard_again(self, same: str) -> None:
        """Who asks again what was answered from here says that it was not what they asked."""
        if same in self._given:
            del self._given[same]
            metrics.SEMANTIC_WRONG.inc()
            self._feedback.wrong()

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name="semantic")
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task
