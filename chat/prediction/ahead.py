"""Behind an answer: questions that may follow it, and, for who allows it, the answer to the likeliest one.

The turn only puts a task into the queue, and only where somebody is looking. The worker does the rest at
background priority; the house pays, within `LOOK_AHEAD_CENTS_A_DAY`.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from time import monotonic
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone
from redis.exceptions import RedisError

from chat import preferences, protocol, variants
from chat.gateway.errors import GatewayError
from chat.gateway.events import Finished, Text
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway
from chat.history import branch
from chat.models import FollowUps, Message, Preload
from chat.opening import Opened
from chat.prediction import follow_ups, paying
from chat.runtime import Runtime, installed_gateway
from experiments.subjects import Subject
from grump.celery import publish
from grump.lib.calls import call

logger = logging.getLogger(__name__)

TASK = "chat.look_ahead"
DAY = timedelta(days=1)
JUDGED_OVER = timedelta(days=7)
GUESTS_SHARE = 0.2
MOST_OF_A_GUEST = 20  # answers a day that are followed up
MICROUSD_A_CENT = 10_000
MOST_MESSAGES = 40  # of a conversation whose next answer is made: longer ones are compressed, and not alike


def after(runtime: Runtime, user_id: int, opened: Opened, subject: Subject | None) -> None:
    """A turn has ended well. Costs a look-up in memory; nothing waits for it."""
    if opened.conversation_id is None or not runtime.live.sockets.get(user_id):
        return
    if not settings.LOOK_AHEAD_CENTS_A_DAY:
        return
    wanted, decision = variants.follow_ups(subject)
    runtime.exposures.note(decision)
    if wanted:
        publish(TASK, str(opened.answer_id))


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    cost_microusd: int
    first_token_ms: int


@shared_task(name=TASK)
def look_ahead(message_id: str) -> None:
    answer = (
        Message.objects.select_related("parent", "owner", "conversation", "generation")
        .filter(id=UUID(message_id), conversation__deleted_at=None, role=Message.Role.ASSISTANT)
        .first()
    )
    if answer is None or answer.parent is None or not answer.text:
        return
    _reckon(answer)
    wish = preferences.of(answer.owner_id)
    if not wish.follow_ups or FollowUps.objects.filter(message=answer).exists() or not _affordable(answer):
        return
    said = asyncio.run(_asked(follow_ups.prompt(answer.parent.text, answer.text), answer.owner_id))
    if said is None:
        return
    questions = follow_ups.read(said.text, answer.parent.text, answer.text)
    FollowUps.objects.create(
        message=answer,
        owner_id=answer.owner_id,
        questions=questions,
        cost_microusd=said.cost_microusd,
    )
    if questions:
        _tell_tabs(answer, questions)
        if wish.preloading:
            _make_answer(answer, questions[0], wish.model, wish.preference)


def _reckon(answer: Message) -> None:
    """Was the question this answers one of those that were offered, and was its answer made before?"""
    asked = answer.parent
    assert asked is not None
    offered = FollowUps.objects.filter(message=asked.parent_id, chosen=None).first()
    place = follow_ups.chosen(offered.questions, asked.text) if offered else None
    if offered and place is not None:
        FollowUps.objects.filter(pk=offered.pk).update(chosen=place)
    made = Preload.objects.filter(
        conversation=answer.conversation, subject=_digest(asked.text), won_ms=None
    ).first()
    took = answer.generation.first_token_ms
    if made and answer.generation.cached == "exact" and took is not None:
        Preload.objects.filter(pk=made.pk, won_ms=None).update(won_ms=made.first_token_ms - took)


def _affordable(answer: Message) -> bool:
    """Is there money left for this person today?"""
    since = timezone.now() - DAY
    most = settings.LOOK_AHEAD_CENTS_A_DAY * MICROUSD_A_CENT
    if answer.owner.is_guest:
        offered = FollowUps.objects.filter(owner=answer.owner, created_at__gte=since).count()
        if offered >= MOST_OF_A_GUEST:
            return False
        return _spent(since, owner__is_guest=True) < most * GUESTS_SHARE
    return _spent(since) < most


def _spent(since: Any, **whose: Any) -> int:
    asked = FollowUps.objects.filter(created_at__gte=since, **whose).aggregate(sum=Sum("cost_microusd"))
    made = Preload.objects.filter(made_at__gte=since, **whose).aggregate(sum=Sum("cost_microusd"))
    return (asked["sum"] or 0) + (made["sum"] or 0)


async def _asked(text: str, owner_id: int) -> Said | None:
    """What the cheapest model says; None where nobody does."""
    request = ChatRequest(
        messages=(ChatMessage("user", text),),
        max_output=120,
        temperature=0.0,
        priority="background",
        party=str(owner_id),
        preference=0.0,
    )
    return await _once(request)


async def _once(request: ChatRequest) -> Said | None:
    gateway = installed_gateway()
    gateway.start()
    try:
        return await _listen(gateway, request)
    except GatewayError as error:
        logger.info("Nothing was looked ahead for: %s", error.code)
        return None
    finally:
        await gateway.close()


async def _listen(gateway: Gateway, request: ChatRequest) -> Said:
    begun, first, parts, cost = monotonic(), 0.0, list[str](), 0
    async with aclosing(gateway.stream(request)) as events:
        async for event in events:
            match event:
                case Text(text):
                    first = first or monotonic() - begun
                    parts.append(text)
                case Finished():
                    cost = event.usage.cost_microusd + event.usage.extra_microusd
    return Said("".join(parts), cost, round(first * 1000))


def _tell_tabs(answer: Message, questions: list[str]) -> None:
    """One that misses it reads them with the conversation."""
    frame = protocol.FollowUps(
        conversation_id=answer.conversation_id, message_id=answer.id, questions=questions
    )
    try:
        call(answer.owner_id, "live.wake", process="worker", frame=protocol.encode(frame), generation_id=None)
    except (RedisError, OSError) as error:
        logger.info("No tab was told of follow-ups: %s", type(error).__name__)


# --- The likely next answer ------------------------------------------------------------------------


def _make_answer(answer: Message, question: str, model: str, preference: float) -> None:
    """Put the answer to `question` where the turn's cache will look for it."""
    seen = FollowUps.objects.filter(owner=answer.owner_id).exclude(questions=[])
    offered = seen.aggregate(all=Count("pk"), first=Count("pk", filter=Q(chosen=0)))
    record = records().get(Preload.Kind.ANSWER, paying.Record())
    chance = random.random()  # noqa: S311 (no secret)
    if not paying.is_likely(offered["all"], offered["first"]) or not paying.may_make(record, chance):
        return
    lines = branch(answer.id, MOST_MESSAGES + 1)
    if len(lines) > MOST_MESSAGES or not settings.ANSWER_CACHE:
        return
    said = [ChatMessage(line.role, line.text) for line in lines if line.text]  # type: ignore[arg-type]
    if answer.conversation.instructions:
        said.insert(0, ChatMessage("system", answer.conversation.instructions))
    request = ChatRequest(
        messages=(*said, ChatMessage("user", question)),
        model=model,
        party=str(answer.owner_id),
        priority="background",
        preference=preference,
    )
    made = asyncio.run(_once(request))
    if made is not None:
        Preload.objects.create(
            owner_id=answer.owner_id,
            conversation_id=answer.conversation_id,
            kind=Preload.Kind.ANSWER,
            subject=_digest(question),
            cost_microusd=made.cost_microusd,
            first_token_ms=made.first_token_ms,
        )


def records() -> Mapping[str, paying.Record]:
    """What each kind has done in the last week."""
    rows = (
        Preload.objects.filter(made_at__gte=timezone.now() - JUDGED_OVER)
        .values("kind")
        .annotate(made=Count("pk"), used=Count("won_ms"), won=Sum("won_ms"), cost=Sum("cost_microusd"))
    )
    return {
        row["kind"]: paying.Record(row["made"], row["used"], row["won"] or 0, row["cost"] or 0)
        for row in rows
    }


def _digest(text: str) -> str:
    return blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
