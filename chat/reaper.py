"""Claims what a crash left running: the partial answer is stored as interrupted, and followers are told.

Any process may reap; the guarded update in `end_generation` lets one win. What the dead process said is
taken from the live stream in Valkey, which is milliseconds old, or else from the last checkpoint.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

import orjson
from django.conf import settings
from django.utils import timezone

from chat import checkpoints, history, protocol
from chat.journal import Entry, ended, entry
from chat.models import Generation
from chat.relay import Relay
from grump.lib.database import in_database

logger = logging.getLogger(__name__)

INTERRUPTED = "The answer was interrupted on our side. What had arrived is kept."
BATCH = 100


async def reap(relay: Relay) -> int:
    """End every generation whose process has gone silent; returns how many."""
    reaped = 0
    for generation in await in_database(_silent):
        recorded = await relay.recorded(generation.id)
        reaped += await _interrupt(relay, generation, recorded)
    if reaped:
        logger.warning("%d interrupted answers of a lost process were stored", reaped)
    return reaped


def _silent() -> list[Generation]:
    lost = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LOST_SECONDS)
    running = Generation.objects.filter(state=Generation.State.RUNNING, heartbeat_at__lt=lost)
    silent = list(running.select_related("message")[:BATCH])
    checkpoints.read_into(silent)
    return silent


async def _interrupt(relay: Relay, generation: Generation, recorded: Sequence[str]) -> bool:
    journal: list[Entry] = list(generation.journal)
    text, reasoning = generation.message.text, generation.reasoning
    if len(recorded) > len(journal):
        journal, text, reasoning = read_back(recorded)
    if not journal:
        text = generation.prefill
    if not ended(journal):
        last = protocol.Error(
            code="interrupted", message=INTERRUPTED, generation_id=generation.id, seq=len(journal) + 1
        )
        journal.append(entry(last))
        closing = protocol.encode(last)
    else:
        # It had said its last word and died before storing it: what followers saw stays true.
        closing = ""
    won = await in_database(
        history.end_generation,
        generation.id,
        Generation.State.INTERRUPTED,
        text,
        journal=journal,
        reasoning=reasoning,
        error_code="interrupted",
        error_message=INTERRUPTED,
        output_tokens=max(1, len(text) // 4) if text else 0,
        usage_estimated=True,
    )
    if won and closing:
        await relay.append_last(generation.id, len(journal), closing)
    return won


def read_back(recorded: Sequence[str]) -> tuple[list[Entry], str, str]:
    """Journal, text and reasoning from the encoded frames of a live stream."""
    journal: list[Entry] = []
    text: list[str] = []
    reasoning: list[str] = []
    for line in recorded:
        shape = orjson.loads(line)
        name = shape.pop("type").removeprefix("chat.")
        if name != "delta":
            del shape["generation_id"], shape["seq"]
            journal.append({name: shape})
        elif "text" in shape:
            text.append(shape["text"])
            journal.append(len(shape["text"]))
        else:
            reasoning.append(shape["reasoning"])
            journal.append(-len(shape["reasoning"]))
    return journal, "".join(text), "".join(reasoning)
