"""How a turn ends: the answer is stored with its outcome, and only then its last frame is said."""

import logging
import time
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from chat import history, protocol, reaper, temporary
from chat.gateway import events
from chat.gateway.catalogue import Model
from chat.gateway.errors import GatewayError
from chat.gateway.request import ChatRequest
from chat.journal import entry
from chat.live import Broadcast
from chat.models import Generation
from chat.opening import Opened
from chat.runtime import Runtime
from grump.celery import publish
from grump.lib.database import in_database, insistently

logger = logging.getLogger(__name__)

INTERNAL = "Something broke on our side. Your question is kept; please try again."


@dataclass(slots=True)
class Outcome:
    """How a generation ended, gathered while it runs."""

    started_at: float
    state: Generation.State = Generation.State.RUNNING
    request: ChatRequest | None = None
    start: events.Started | None = None
    first_token_at: float | None = None
    finish_reason: str = ""
    usage: events.Usage | None = None
    error: GatewayError | None = None
    fell_back: bool = False
    variants: str = ""  # of experiments: "experiment:variant" pairs, a space between them
    context: dict[str, Any] | None = None  # what was sent, where it was not everything
    # Room and tokenizers, where the next fit is to be prepared behind the answer.
    next_fit: tuple[int, tuple[str, ...]] | None = None

    def taken_over(self, model: Model) -> None:
        """Another candidate has gone on with the answer: the receipt names who finished it."""
        self.fell_back = True
        if self.start is not None:
            self.start = replace(self.start, provider=model.provider, model=model.name, tier=model.tier)

    @property
    def timing(self) -> dict[str, int | None]:
        first = self.first_token_at
        return {
            "first_token_ms": None if first is None else round((first - self.started_at) * 1000),
            "total_ms": round((time.monotonic() - self.started_at) * 1000),
        }


async def finish(runtime: Runtime, broadcast: Broadcast, opened: Opened, outcome: Outcome) -> None:
    """Store the answer, then say the last frame: `chat.done` is a promise that it is stored."""
    usage = outcome.usage or _unreported(runtime, broadcast, outcome)
    last = _last_frame(broadcast, opened, outcome, usage)
    circumstances = {
        "plan": opened.allowed.plan if opened.allowed else "",
        "release": settings.RELEASE,
        "variants": outcome.variants[:300],
        "fell_back": outcome.fell_back,
        "saved_microusd": _saved(runtime, broadcast, outcome),
    }
    try:
        won = await _store(broadcast, opened, last, outcome, usage, circumstances)
        if won:
            broadcast.send(last)
        else:
            # A reaper took this process for dead and ended the answer: what is stored is the truth.
            await _tell_stored(broadcast)
    except DatabaseError:
        logger.exception("An answer could not be stored; the reaper will")
        unstored = protocol.Error(code="internal", message=INTERNAL, generation_id=broadcast.id)
        broadcast.tell(protocol.encode(unstored))
    finally:
        runtime.live.end(broadcast)
        runtime.usage.touch(broadcast.user_id)
    if outcome.next_fit is not None and outcome.state in (
        Generation.State.COMPLETE,
        Generation.State.STOPPED,
    ):
        publish("chat.prepare_context", str(opened.answer_id), *outcome.next_fit)
    if opened.wants_title and outcome.state == Generation.State.COMPLETE:
        publish("chat.title_conversation", str(opened.conversation_id))


def _last_frame(
    broadcast: Broadcast, opened: Opened, outcome: Outcome, usage: events.Usage
) -> protocol.ServerFrame:
    if outcome.state in (Generation.State.COMPLETE, Generation.State.STOPPED):
        outcome.finish_reason = outcome.finish_reason or "stop"
        return broadcast.frame(
            protocol.Done,
            message_id=opened.answer_id,
            finish_reason="stopped" if outcome.state == Generation.State.STOPPED else outcome.finish_reason,
            usage={
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cost_usd": usage.cost_microusd / 1_000_000,
                "estimated": usage.estimated,
            },
            timing=outcome.timing,
        )
    if outcome.state == Generation.State.INTERRUPTED:
        outcome.error = GatewayError(reaper.INTERRUPTED)
        outcome.error.code = "interrupted"
    error = outcome.error or GatewayError(INTERNAL)
    return broadcast.frame(
        protocol.Error, code=error.code, message=error.message, retry_after_s=error.retry_after_s
    )


async def _store(
    broadcast: Broadcast,
    opened: Opened,
    last: protocol.ServerFrame,
    outcome: Outcome,
    usage: events.Usage,
    circumstances: dict[str, Any],
) -> bool:
    start, error = outcome.start, outcome.error
    values: dict[str, Any] = {
        **circumstances,
        "reasoning": broadcast.reasoning,
        "journal": [*broadcast.journal, entry(last)],
        "finish_reason": outcome.finish_reason,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cost_microusd": usage.cost_microusd,
        "extra_microusd": usage.extra_microusd,
        "usage_estimated": usage.estimated,
        "context": outcome.context,
        **outcome.timing,
    }
    if start is not None:
        values |= {
            "provider": start.provider,
            "model": start.model,
            "tier": start.tier,
            "reason": start.reason[:300],
            "cached": start.cached or "",
        }
    if error is not None:
        values |= {"error_code": error.code, "error_message": error.message[:500]}
    if opened.is_temporary:
        return await insistently(temporary.end, broadcast.id, outcome.state, values)
    text = broadcast.text or broadcast.prefill
    in_parts = broadcast.in_parts
    return await insistently(
        history.end_generation, broadcast.id, outcome.state, text, in_parts=in_parts, **values
    )


async def _tell_stored(broadcast: Broadcast) -> None:
    generation = await in_database(history.generation_of, broadcast.user_id, broadcast.id)
    for frame in history.stored_frames(generation):
        broadcast.tell(frame)


def _saved(runtime: Runtime, broadcast: Broadcast, outcome: Outcome) -> int:
    """What an answer from before would have cost, had it been asked again: our count of its tokens at today's
    price. Millionths of a dollar."""
    start, request = outcome.start, outcome.request
    if start is None or request is None or not start.cached:
        return 0
    if start.model not in runtime.gateway.catalogue.models:
        return 0  # the answer is older than the catalogue: nobody knows its price any more
    said = broadcast.text[len(broadcast.prefill) :] + broadcast.reasoning
    return runtime.gateway.usage_so_far(request, start.model, said).cost_microusd


def _unreported(runtime: Runtime, broadcast: Broadcast, outcome: Outcome) -> events.Usage:
    """What an unfinished answer took, where no provider reported it."""
    said = broadcast.text[len(broadcast.prefill) :] + broadcast.reasoning
    if outcome.request is None or outcome.start is None or outcome.start.cached or not said:
        return events.Usage(estimated=True)
    return runtime.gateway.usage_so_far(outcome.request, outcome.start.model, said)
