"""One turn: a saved question becomes an answer. `run_turn` reads like the flow in ARCHITECTURE.md.

A turn runs in a task of its own, apart from any socket: closing the tab stops nothing. Only its user
(`Live.stop`) or the end of the process does.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from chat import history, opening, protocol, temporary, variants
from chat.context import note
from chat.context.window import is_near, room_for_prompt
from chat.ending import INTERNAL, Outcome, finish
from chat.gateway import events
from chat.gateway.batch import Batcher
from chat.gateway.counting import count_tokens
from chat.gateway.errors import GatewayError, UnknownModel
from chat.gateway.request import ChatRequest
from chat.live import Broadcast
from chat.models import Generation
from chat.opening import Opened
from chat.outbox import Outbox
from chat.prediction import ahead
from chat.runtime import Runtime
from experiments.subjects import Subject
from grump.lib import context, tracing
from grump.lib.database import in_database
from grump.lib.ids import new_id

logger = logging.getLogger(__name__)


async def ask(runtime: Runtime, user_id: int, send: protocol.Send, subject: Subject | None = None) -> Opened:
    """Save the question and start answering it; returns as soon as both are certain."""
    opened = await in_database(
        opening.open_question, user_id, send, runtime.process, _asking(runtime, send.model)
    )
    if opened.is_new:
        _begin(
            runtime,
            user_id,
            opened,
            subject=subject,
            priority="interactive",
            fresh=False,
            preference=send.preference,
        )
        question = {
            "id": opened.question_id,
            "parent_id": opened.parent_id,
            "role": "user",
            "text": send.text,
            "client_message_id": send.client_message_id,
        }
        _tell_tabs(runtime, user_id, opened, question)
    return opened


async def ask_temporarily(runtime: Runtime, user_id: int, send: protocol.Send, outbox: Outbox) -> Opened:
    """Answer a question of which nothing is stored, to the socket that asked it alone."""
    running = runtime.live.temporary(user_id, send.client_message_id)
    if running is not None:
        running.followers.add(outbox)  # sent again after a lost connection: the page asks for the rest
        return Opened(None, new_id(), new_id(), running.id, is_new=False)
    opened = await in_database(temporary.open_question, user_id, send, _asking(runtime, send.model))
    broadcast = runtime.live.begin_temporary(opened.generation_id, user_id, send.client_message_id, outbox)
    how = {"priority": "interactive", "fresh": True, "personal": True, "preference": send.preference}
    _run(runtime, broadcast, opened, how)
    return opened


async def ask_again(
    runtime: Runtime, user_id: int, wish: protocol.Regenerate, subject: Subject | None = None
) -> Opened:
    """Start a further version of an answer."""
    opened = await in_database(
        opening.open_version, user_id, wish, runtime.process, _asking(runtime, wish.model)
    )
    if opened.is_new:
        _begin(
            runtime,
            user_id,
            opened,
            subject=subject,
            priority="regenerate",
            fresh=True,
            preference=wish.preference,
        )
        _tell_tabs(runtime, user_id, opened, None)
    return opened


def _asking(runtime: Runtime, model: str) -> opening.Asking:
    price = runtime.gateway.likely_price(model)
    try:
        window = runtime.gateway.window(model)
    except UnknownModel:  # the turn itself will say so
        window = None
    return opening.Asking(round(price.input * 1_000_000), round(price.output * 1_000_000), window)


def _begin(runtime: Runtime, user_id: int, opened: Opened, **how: Any) -> None:
    _run(runtime, runtime.live.begin(opened.generation_id, user_id, opened.prefill), opened, how)


def _run(runtime: Runtime, broadcast: Broadcast, opened: Opened, how: dict[str, Any]) -> None:
    runtime.usage.touch(broadcast.user_id)
    broadcast.task = asyncio.create_task(run_turn(runtime, broadcast, opened, **how), name="turn")


def _tell_tabs(runtime: Runtime, user_id: int, opened: Opened, question: dict[str, Any] | None) -> None:
    """Let the user's other tabs draw what was added; they hear the answer as it comes."""
    assert opened.conversation_id is not None, "no tab is told of a temporary chat"
    updated = protocol.ConversationUpdated(
        conversation_id=opened.conversation_id,
        title=opened.title,
        updated_at=timezone.now().isoformat(),
        message=question,
        answer={"id": opened.answer_id, "parent_id": opened.question_id},
        generation_id=opened.generation_id,
    )
    runtime.live.tell_user(user_id, updated, opened.generation_id)


async def run_turn(
    runtime: Runtime, broadcast: Broadcast, opened: Opened, subject: Subject | None = None, **how: Any
) -> None:
    """`how`: what the request is apart from its messages: priority, fresh, personal, preference. Without
    a `subject` nothing is tried on anybody."""
    context.note(generation_id=opened.generation_id, conversation_id=opened.conversation_id or "none")
    ids = {"gen_ai.conversation.id": opened.conversation_id or "none", "grump.generation.id": broadcast.id}
    begun = tracing.begin("turn", attributes={name: str(value) for name, value in ids.items()})
    with tracing.within(begun) as span:
        outcome = await _run_traced(runtime, broadcast, opened, subject, how)
        span.set("grump.state", outcome.state.value)
        model = outcome.start.model if outcome.start else "nobody"
        logger.info("Turn %s by %s in %d ms", outcome.state.value, model, outcome.timing["total_ms"] or 0)
        if outcome.error is not None:
            span.fail(outcome.error.code)


async def _run_traced(
    runtime: Runtime, broadcast: Broadcast, opened: Opened, subject: Subject | None, how: dict[str, Any]
) -> Outcome:
    outcome = Outcome(started_at=time.monotonic())
    tried: variants.Tried | None = None
    try:
        tried = variants.for_turn(subject, how["preference"], opened.model)
        outcome.variants = tried.names
        asked = {**how, "preference": tried.preference}
        outcome.request = await _request(runtime, broadcast, opened, outcome, asked)
        await _stream(runtime, broadcast, outcome.request, outcome, tried)
    except asyncio.CancelledError:
        outcome.state = Generation.State.STOPPED if broadcast.stopped else Generation.State.INTERRUPTED
    except GatewayError as error:
        outcome.error, outcome.state = error, Generation.State.FAILED
    except Exception:
        logger.exception("A turn failed")
        outcome.error, outcome.state = GatewayError(INTERNAL), Generation.State.FAILED
    finally:
        if tried is not None:  # also where it led to a failure: that counts against it
            runtime.exposures.note(tried.routing, at=tried.at)
        # Whatever happens to this task now, the answer so far is stored and its end is told.
        await asyncio.shield(asyncio.create_task(finish(runtime, broadcast, opened, outcome)))
    if outcome.state == Generation.State.COMPLETE:
        ahead.after(runtime, broadcast.user_id, opened, subject)
    return outcome


async def _request(
    runtime: Runtime, broadcast: Broadcast, opened: Opened, outcome: Outcome, how: Mapping[str, Any]
) -> ChatRequest:
    room = room_for_prompt(runtime.gateway.window(opened.model))
    families = runtime.gateway.families(opened.model)
    lines = opened.prompt
    if text := opened.instructions:
        lines = (history.Line("system", text, count_tokens(text)), *lines)
    began = time.monotonic()
    ready = await runtime.fitter.fit(lines, room, families, opened.conversation_id)
    outcome.context = note.note_of(lines, ready)
    if outcome.context is not None:
        outcome.context["waited_ms"] = round((time.monotonic() - began) * 1000)
    if opened.prompt[-1].id is not None and is_near(lines, room):
        outcome.next_fit = (room, families)
    return ChatRequest(
        messages=note.messages_of(lines, ready),
        model=opened.model,
        prefill=opened.prefill,
        party=str(broadcast.user_id),
        allowed=frozenset(opened.allowed.models if opened.allowed else ()),
        tiers=frozenset(opened.allowed.tiers if opened.allowed else ()),
        **how,
    )


async def _stream(
    runtime: Runtime, broadcast: Broadcast, request: ChatRequest, outcome: Outcome, tried: variants.Tried
) -> None:
    """The gateway's events become numbered frames, as few as keep the text lively."""
    batcher = Batcher(lambda event: _say(broadcast, event, note.told(outcome.context)), window=tried.window)
    stream = runtime.gateway.stream(request)
    try:
        async for event in stream:
            match event:
                case events.Text() | events.Reasoning():
                    if outcome.first_token_at is None:
                        outcome.first_token_at = time.monotonic()
                        runtime.exposures.note(tried.batching, at=tried.at)
                case events.Started():
                    outcome.start, outcome.fell_back = event, event.fell_back
                case events.Retry():
                    outcome.taken_over(runtime.gateway.catalogue.models[event.to])
                case events.Queued():
                    queued = protocol.Queued(generation_id=broadcast.id, position=event.position)
                    broadcast.tell(protocol.encode(queued))
                    continue
                case events.Finished():
                    outcome.finish_reason, outcome.usage = event.finish_reason, event.usage
                    outcome.state = Generation.State.COMPLETE
                    continue
            batcher.push(event)
            if isinstance(event, events.Started) and request.prefill:
                batcher.push(events.Text(request.prefill))
    finally:
        batcher.close()
        await stream.aclose()


def _say(broadcast: Broadcast, event: events.Event, context: dict[str, Any] | None) -> None:
    match event:
        case events.Text(text):
            # PostgreSQL cannot hold a NUL; what is sent is what is stored.
            broadcast.say(protocol.Delta, text=text.replace("\0", "\ufffd"))
        case events.Reasoning(text):
            broadcast.say(protocol.Delta, reasoning=text.replace("\0", "\ufffd"))
        case events.Started():
            broadcast.say(
                protocol.Start,
                provider=event.provider,
                model=event.model,
                tier=event.tier,
                reason=event.reason,
                cached=event.cached,
                context=context,
            )
        case events.Retry():
            broadcast.say(protocol.Retry, from_=event.from_, to=event.to, reason=event.reason)


async def stop(runtime: Runtime, user_id: int, generation_id: UUID) -> None:
    """Stop a generation, wherever it runs. One that has ended already stays as it is."""
    broadcast = runtime.live.broadcasts.get(generation_id)
    if broadcast is not None and broadcast.user_id == user_id:
        runtime.live.stop(generation_id)
        return
    generation = await in_database(history.ask_to_stop, user_id, generation_id)
    if generation.state == Generation.State.RUNNING:
        await runtime.live.relay.ask_to_stop(generation.process, generation_id)


async def resume(runtime: Runtime, user_id: int, wish: protocol.Resume, outbox: Outbox) -> None:
    """Send everything after frame `after` to one socket, then go on live; from storage after the end."""
    generation_id, live = wish.generation_id, runtime.live
    broadcast = live.broadcasts.get(generation_id)
    if broadcast is not None and broadcast.user_id == user_id:
        live.follow_here(generation_id, outbox, wish.after)
        return
    generation = await in_database(history.generation_of, user_id, generation_id)
    if generation.state == Generation.State.RUNNING:
        if generation.process != runtime.process:
            live.follow_elsewhere(generation_id, outbox, wish.after)
            return
        if live.follow_here(generation_id, outbox, wish.after):
            return
        # It ended here between our look-up and now.
        generation = await in_database(history.generation_of, user_id, generation_id)
    for frame in history.stored_frames(generation, wish.after):
        outbox.put(frame)
