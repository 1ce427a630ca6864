"""What can be made before it is asked for, one function a kind. In the worker; none waits for another.

Each takes the answer that the question would follow, the question, and how its person wants the chat, and
returns what it took, or None where nothing was made.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db.models import Sum

from chat import history
from chat.context import digesting, making
from chat.context.window import CAUTION, NEAR, room_for_prompt
from chat.gateway.counting import count_tokens
from chat.gateway.errors import UnknownModel
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway
from chat.history import Line
from chat.models import Message, Preferences, Preload
from chat.prediction import background
from chat.runtime import installed_gateway
from grump.lib import loops

MOST_MESSAGES = 40  # of a conversation whose next answer is made: longer ones are compressed, and not alike


@dataclass(frozen=True, slots=True)
class Made:
    """`first_token_ms`: what somebody who asks will not wait for, less what finding it takes."""

    first_token_ms: int
    cost_microusd: int = 0


Maker = Callable[[Message, str, Preferences], Made | None]


def answer(before: Message, question: str, wish: Preferences) -> Made | None:
    """Put the answer to `question` where the turn's cache will look for it."""
    lines = history.branch(before.id, MOST_MESSAGES + 1)
    if len(lines) > MOST_MESSAGES or not settings.ANSWER_CACHE:
        return None
    said = [ChatMessage(line.role, line.text) for line in lines if line.text]  # type: ignore[arg-type]
    if before.conversation.instructions:
        said.insert(0, ChatMessage("system", before.conversation.instructions))
    request = ChatRequest(
        messages=(*said, ChatMessage("user", question)),
        model=wish.model,
        party=str(before.owner_id),
        priority="background",
        preference=wish.preference,
    )
    made = loops.run(background.once(request))
    return Made(made.first_token_ms, made.cost_microusd) if made is not None else None


def fit(before: Message, question: str, wish: Preferences) -> Made | None:
    """The fit of a long conversation for `question`, and all that it needs of the messages."""
    gateway = _known()
    with suppress(UnknownModel):
        room, families = room_for_prompt(gateway.window(wish.model)), gateway.families(wish.model)
        loops.run(_prepare(before, room, families))  # where another task has not done it yet
        lines = [line for line in history.prompt(before.id) if line.text]
        began = time.monotonic()
        asked = Line("user", question, count_tokens(question))
        if making.fit_ahead([*lines, asked], room, families, before.conversation.instructions):
            return Made(_since(began))
    return None


def vector(before: Message, question: str, wish: Preferences) -> Made | None:
    """The vector of `question`: what the sentences of a long conversation are chosen by."""
    began = time.monotonic()
    return Made(_since(began)) if making.embed_ahead(question, before.owner_id) else None


ALL: Mapping[str, Maker] = {
    Preload.Kind.ANSWER: answer,
    Preload.Kind.FIT: fit,
    Preload.Kind.VECTOR: vector,
}


def is_long(before: Message, wish: Preferences) -> bool:
    """Will what is asked next be fitted? About: all branches of the conversation are counted."""
    try:
        room = room_for_prompt(_known().window(wish.model))
    except UnknownModel:
        return False
    messages = Message.objects.filter(conversation=before.conversation_id)
    said = messages.aggregate(sum=Sum("tokens"))["sum"] or 0
    return room > 0 and bool(CAUTION * said >= NEAR * room)


async def _prepare(before: Message, room: int, families: tuple[str, ...]) -> None:
    gateway = installed_gateway()
    try:
        await digesting.prepare(gateway, before.id, room, families)
    finally:
        await gateway.close()


@cache
def _known() -> Gateway:
    """For what the catalogue says; nothing is asked of it."""
    return installed_gateway()


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
