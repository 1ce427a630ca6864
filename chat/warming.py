"""Answers made anew before they end, for what is asked again and again: in the background, within a budget.

Nobody asked for these answers, so nobody is charged for them: the installation is, up to
`MOST_MICROUSD` a run.
"""

import logging
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from chat.gateway.errors import GatewayError
from chat.gateway.events import Finished, Started
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway
from chat.models import Generation, Message
from chat.runtime import installed_gateway
from chat.starters import STARTERS
from grump.lib.database import in_database

logger = logging.getLogger(__name__)

MOST_QUESTIONS = 20  # a run, one after the other
MOST_MICROUSD = 20_000  # a run: two cents
REPEATED = 2  # hits in one lifetime that make a question worth it
LOOKED_AT = 2_000  # of the newest hits
SOON = 0.25  # of its lifetime: who has less left is made anew


@dataclass(frozen=True, slots=True)
class Due:
    owner_id: int | None  # None: everybody
    model: str
    text: str


@dataclass(frozen=True, slots=True)
class Warmed:
    questions: int
    microusd: int


def due() -> list[Due]:
    """First questions that were answered from the cache at least `REPEATED` times, and whose kept answer ends
    soon; the most asked first. Reads the database."""
    lasts = timedelta(seconds=settings.ANSWER_CACHE_SECONDS)
    now = timezone.now()
    answered = Generation.objects.filter(
        state=Generation.State.COMPLETE, created_at__gte=now - lasts, message__parent__parent=None
    )
    hits = answered.filter(cached="exact").order_by("-created_at")
    rows = hits.values_list("owner_id", "requested_model", "message__parent__text")[:LOOKED_AT]
    found = []
    for (owner_id, model, text), count in Counter(rows).most_common(MOST_QUESTIONS):
        asked = Message.objects.filter(owner=owner_id, text=text)
        made = answered.filter(owner=owner_id, requested_model=model, cached="", message__parent__in=asked)
        last = made.order_by("-created_at").values_list("created_at", flat=True).first()
        if count >= REPEATED and last is not None and now - last > lasts * (1 - SOON):
            found.append(Due(owner_id, model, text))
    return found


def starters() -> list[Due]:
    """What an empty page offers, where one person may have another's answer: theirs before anybody asks."""
    shared = settings.ANSWER_CACHE_SHARED
    return [Due(None, "auto", str(starter)) for starter in STARTERS] if shared else []


async def warm() -> Warmed:
    """Make what is due anew, and what everybody is offered where it is not kept, until it is done or the
    money is spent."""
    if not settings.ANSWER_CACHE:
        return Warmed(0, 0)
    questions = await in_database(due) + starters()
    gateway = installed_gateway()
    made = spent = 0
    try:
        for question in questions:
            if spent >= MOST_MICROUSD:
                break
            try:
                took = await _ask(gateway, question)
                made += took is not None
                spent += took or 0
            except GatewayError as error:
                logger.info("An answer was not made anew: %s", error.code)
    finally:
        await gateway.close()
    return Warmed(made, spent)


async def _ask(gateway: Gateway, question: Due) -> int | None:
    """Micro-dollars that it took; None where it was kept already. Users go first: the lines know a
    background request."""
    request = ChatRequest(
        messages=(ChatMessage("user", question.text),),
        model=question.model,
        party="" if question.owner_id is None else str(question.owner_id),
        priority="background",
        fresh=question.owner_id is not None,
    )
    spent = 0
    async with aclosing(gateway.stream(request)) as events:
        async for event in events:
            if isinstance(event, Started) and event.cached in ("exact", "semantic"):
                return None
            if isinstance(event, Finished):
                spent = event.usage.cost_microusd
    return spent
