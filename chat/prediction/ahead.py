"""Behind an answer: questions that may follow it, and whatever is made ready for the likeliest of them.

The turn only puts a task into the queue, and only where somebody is looking. The worker does the rest at
background priority; the house pays, within `LOOK_AHEAD_CENTS_A_DAY`.
"""

import logging
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from chat import preferences, protocol, variants
from chat.gateway.request import ChatRequest
from chat.models import FollowUps, Message
from chat.opening import Opened
from chat.prediction import background, budget, follow_ups, preloading, records
from chat.runtime import Runtime
from experiments.subjects import Subject
from grump.celery import publish
from grump.lib import loops
from grump.lib.calls import call

logger = logging.getLogger(__name__)

TASK = "chat.look_ahead"
LOOKED_AT = 50.0  # seconds; a page asks once a minute


def after(runtime: Runtime, user_id: int, opened: Opened, subject: Subject | None) -> None:
    """A turn has ended well. Costs a look-up in memory; nothing waits for it."""
    if opened.conversation_id is None or not runtime.live.sockets.get(user_id):
        return
    if not settings.LOOK_AHEAD_CENTS_A_DAY:
        return
    wanted, decision = variants.follow_ups(subject)
    runtime.exposures.note(decision)
    publish(TASK, str(opened.answer_id), wanted)


async def come_back(leaf_id: UUID) -> None:
    """Somebody will probably go on below this message. However often a browser asks: the worker looks once in
    a while."""
    if settings.LOOK_AHEAD_CENTS_A_DAY and await caches["default"].aadd(
        f"ahead:looked:{leaf_id}", True, LOOKED_AT
    ):
        publish(TASK, str(leaf_id), False)


@shared_task(name=TASK)
def look_ahead(message_id: str, offers: bool = True) -> None:
    """`offers`: questions may be asked for, where there are none yet."""
    answer = (
        Message.objects.select_related("parent", "owner", "conversation", "generation")
        .filter(id=UUID(message_id), conversation__deleted_at=None, role=Message.Role.ASSISTANT)
        .first()
    )
    if answer is None or answer.parent is None or not answer.text:
        return
    _reckon(answer)
    wish = preferences.of(answer.owner_id)
    offered = FollowUps.objects.filter(message=answer).first()
    if offered is None and offers and wish.follow_ups:
        offered = _offer(answer)
    preloading.prepare(answer, offered.questions if offered and wish.follow_ups else [], wish)


def _offer(answer: Message) -> FollowUps | None:
    """Ask for questions, keep them, and tell the tabs; None where there is no money, or nobody answers."""
    assert answer.parent is not None
    if not budget.is_left(answer.owner):
        return None
    request = ChatRequest(
        messages=follow_ups.prompt(answer.parent.text, answer.text),
        max_output=120,
        temperature=0.0,
        priority="background",
        party=str(answer.owner_id),
        preference=0.0,
    )
    said = loops.run(background.once(request))
    if said is None:
        return None
    made = FollowUps.objects.create(
        message=answer,
        owner_id=answer.owner_id,
        questions=follow_ups.read(said.text, answer.parent.text, answer.text),
        cost_microusd=said.cost_microusd,
    )
    if made.questions:
        _tell_tabs(answer, made.questions)
    return made


def _reckon(answer: Message) -> None:
    """Was the question this answers one of those that were offered, and was something made for it before?"""
    asked = answer.parent
    assert asked is not None
    offered = FollowUps.objects.filter(message=asked.parent_id, chosen=None).first()
    place = follow_ups.chosen(offered.questions, asked.text) if offered else None
    if offered and place is not None:
        FollowUps.objects.filter(pk=offered.pk).update(chosen=place)
    generation = getattr(answer, "generation", None)  # what was imported has none
    if generation is not None:
        records.reckon(answer, generation)


def _tell_tabs(answer: Message, questions: list[str]) -> None:
    """One that misses it reads them with the conversation."""
    frame = protocol.FollowUps(
        conversation_id=answer.conversation_id, message_id=answer.id, questions=questions
    )
    try:
        call(answer.owner_id, "live.wake", process="worker", frame=protocol.encode(frame), generation_id=None)
    except (RedisError, OSError) as error:
        logger.info("No tab was told of follow-ups: %s", type(error).__name__)
