"""What this process knows of its users' words: one index a person, made at their first keys, off the loop.

An index answers for its owner alone: it is found by their id, which comes from the session. At most every
`CHECKED_EVERY` seconds of typing it is compared with what is stored: new questions are added, and where
anything was deleted it is made anew. The person longest unseen is forgotten first.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from chat.prediction import learning
from chat.prediction.matching import Said
from chat.prediction.personal import Counts
from chat.prediction.secrets import learnable
from chat.prediction.shipped import shipped
from chat.runtime import Runtime
from grump.lib.database import in_database

logger = logging.getLogger(__name__)

CHECKED_EVERY = 3.0  # seconds
MOST_PEOPLE = 200
MOST_ENTRIES = 2_000_000  # of all of them together: about 200 bytes each
MOST_AT_HAND = 4  # conversations of one person


@dataclass(slots=True)
class Known:
    """One person's words."""

    mark: learning.Mark
    own: Counts = field(default_factory=Counts)
    said: Said = field(default_factory=Said)
    heeded: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    checked_at: float = 0.0
    at_hand: OrderedDict[UUID, Counts] = field(default_factory=OrderedDict)

    @property
    def size(self) -> int:
        return self.own.size + self.said.size + sum(one.size for one in self.at_hand.values())

    def add(self, texts: list[str], kind: str) -> None:
        for text in map(learnable, texts):
            if text.strip():
                self.own.add(text)
                self.said.add(text, kind)


class Index:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._making: dict[int, asyncio.Task[None]] = {}
        self._ready = False

    def __len__(self) -> int:
        return len(self._known)

    async def of(self, user_id: int) -> Known | None:
        """What is known of the person, as it is stored now; None while it is still being read."""
        known = self._known.get(user_id)
        if known is None:
            self._make(user_id)
            return None
        self._known.move_to_end(user_id)
        if self._clock() - known.checked_at >= CHECKED_EVERY:
            await self._check(user_id, known)
        return self._known.get(user_id)

    async def made(self, user_id: int) -> None:
        """Wait until the person's index is there."""
        self._make(user_id)
        await self._making[user_id]

    def forget(self, user_id: int) -> None:
        """Something of this person's was deleted here: read anew before anything is suggested."""
        self._known.pop(user_id, None)
        making = self._making.pop(user_id, None)
        if making is not None:
            making.cancel()

    async def conversation(self, known: Known, user_id: int, conversation_id: UUID) -> Counts:
        """The words of the conversation at hand."""
        found = known.at_hand.get(conversation_id)
        if found is None:
            found = Counts(most=10_000)
            for text in await in_database(learning.at_hand, user_id, conversation_id):
                found.add(learnable(text))
            known.at_hand[conversation_id] = found
            if len(known.at_hand) > MOST_AT_HAND:
                known.at_hand.popitem(last=False)
        return found

    async def model(self) -> None:
        """The shipped file is read."""
        if not self._ready:
            await asyncio.to_thread(shipped)
            self._ready = True

    async def close(self) -> None:
        making = list(self._making.values())
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def _make(self, user_id: int) -> None:
        if user_id not in self._making:
            task = asyncio.create_task(self._read(user_id), name="prediction-index")
            self._making[user_id] = task
            task.add_done_callback(lambda done: self._forget_task(user_id, done))

    def _forget_task(self, user_id: int, done: "asyncio.Task[None]") -> None:
        if self._making.get(user_id) is done:
            del self._making[user_id]

    async def _read(self, user_id: int) -> None:
        try:
            mark = await in_database(learning.mark, user_id)
            asked = await in_database(learning.questions, user_id)
            kept = await in_database(learning.prompts, user_id)
            known = Known(mark, heeded=await in_database(learning.heeded, user_id))
        except DatabaseError as error:
            logger.info("Nobody's words could be read: %s", type(error).__name__)
            return
        # A thread of its own: the database's is for what turns wait for.
        await asyncio.to_thread(_fill, known, asked, kept)
        known.checked_at = self._clock()
        self._known[user_id] = known
        self._make_room()

    def _make_room(self) -> None:
        size = sum(known.size for known in self._known.values())
        while len(self._known) > 1 and (len(self._known) > MOST_PEOPLE or size > MOST_ENTRIES):
            _, gone = self._known.popitem(last=False)
            size -= gone.size

    async def _check(self, user_id: int, known: Known) -> None:
        known.checked_at = self._clock()
        try:
            mark = await in_database(learning.mark, user_id)
            if mark == known.mark:
                return
            if mark.is_grown_from(known.mark):
                fresh = await in_database(learning.questions, user_id, known.mark.read_at)
                known.heeded = await in_database(learning.heeded, user_id)
                known.add(fresh, "history")
                known.at_hand.clear()
                known.mark = mark
                return
        except DatabaseError as error:
            logger.info("A person's words could not be compared: %s", type(error).__name__)
        # What cannot be vouched for is not used.
        self.forget(user_id)
        self._make(user_id)


def _fill(known: Known, asked: list[str], kept: list[str]) -> None:
    known.add(kept, "library")
    known.add(asked, "history")


_indexes: WeakKeyDictionary[Runtime, Index] = WeakKeyDictionary()


def index_of(runtime: Runtime) -> Index:
    found = _indexes.get(runtime)
    if found is None:
        found = _indexes[runtime] = Index()
        runtime.closing.append(found.close)
    return found


def forget(user_id: int) -> None:
    """In this process at once; the others find out with their next look at what is stored."""
    for index in list(_indexes.values()):
        index.forget(user_id)
