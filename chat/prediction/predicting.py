"""One `predict` frame: what is shown for a text that is being written. Never on the way of a turn."""

import time
from uuid import UUID

from django.db import DatabaseError
from prometheus_client import Counter, Histogram

from chat.prediction import learning
from chat.prediction.code import complete, language_of
from chat.prediction.heeding import Record, heard
from chat.prediction.index import Index
from chat.prediction.personal import Counts
from chat.prediction.shipped import shipped
from chat.prediction.suggest import MOST, Sources, Suggestion, suggest
from chat.prediction.tokens import typed
from chat.prediction.typos import correct
from grump.lib.database import in_database

THRESHOLD = 0.7

SECONDS = Histogram(
    "grump_prediction_seconds",
    "From a predict frame to its answer",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
)
OUTCOMES = Counter(
    "grump_suggestions_total", "Suggestions that were shown, by kind and outcome", ("kind", "outcome")
)


async def predict(
    index: Index, user_id: int, text: str, conversation_id: UUID | None, threshold: float = THRESHOLD
) -> list[Suggestion]:
    """At most three, none below `threshold`. What is not known yet is left out: nobody waits for it."""
    started = time.perf_counter()
    await index.model()
    known = await index.of(user_id)
    conversation = None
    if known is not None and conversation_id is not None:
        try:
            conversation = await index.conversation(known, user_id, conversation_id)
        except DatabaseError:
            pass  # the text itself is enough to go on
    here = Counts()
    here.add_tokens(typed(text).tokens)
    model = shipped()
    sources = Sources(
        model.general,
        model.weights,
        known.own if known else None,
        known.said if known else None,
        conversation,
        here,
    )
    found = _found(text, sources, threshold)
    record: Record = known.heeded if known else {}
    shown = [one for one in (heard(one, record) for one in found) if one.confidence >= threshold]
    SECONDS.observe(time.perf_counter() - started)
    return shown[:MOST]


def _found(text: str, sources: Sources, threshold: float) -> list[Suggestion]:
    if language_of(text) is not None:
        return complete(text, shipped().lines, threshold)
    return correct(text, sources, threshold) + suggest(text, sources, threshold)


async def heed(user_id: int, kinds: dict[str, dict[str, float]]) -> None:
    """Keep what became of suggestions: how much a person's next ones are believed depends on it."""
    for kind, numbers in kinds.items():
        OUTCOMES.labels(kind, "shown").inc(numbers["shown"])
        OUTCOMES.labels(kind, "right").inc(numbers["right"])
        OUTCOMES.labels(kind, "taken").inc(numbers["taken"])
    await in_database(learning.heed, user_id, kinds)
