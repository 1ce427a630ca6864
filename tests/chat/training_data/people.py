"""People who talk, and what they think of it. Rows alone: no allowance bounds them."""

from typing import Any

from django.utils import timezone

from chat.models import Conversation, Generation, Message
from figures.feedback import rate
from grump.accounts.models import User

LONG = " This is said at some length, so that it is an answer from which something can be learnt."


def person(name: str, agrees: bool = True, **differs: Any) -> User:
    return User.objects.create(username=name, shares_for_training=agrees, **differs)


def says(
    owner: User,
    question: str,
    answer: str = "",
    *,
    after: Conversation | None = None,
    thumb: bool | None = None,
    instructions: str = "",
    **generation: Any,
) -> Conversation:
    """One question with its answer, in a conversation of its own or `after` what was said in that one."""
    now = timezone.now()
    talk = after or Conversation.objects.create(owner=owner, updated_at=now, instructions=instructions)
    asked = Message.objects.create(
        conversation=talk, owner=owner, role="user", text=question, parent_id=talk.leaf_id
    )
    text = answer or f"About {question}:{LONG}"
    said = Message.objects.create(conversation=talk, owner=owner, role="assistant", text=text, parent=asked)
    made = Generation.objects.create(
        owner=owner,
        message=said,
        heartbeat_at=now,
        **{
            "state": "complete",
            "finish_reason": "stop",
            "model": "nim/nemotron",
            "process": "p",
            **generation,
        },
    )
    talk.leaf_id = said.pk
    talk.save()
    if thumb is not None:
        rate(owner.pk, made.pk, thumb, now)
    return talk
