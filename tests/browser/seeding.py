"""Rows that would take a person a day to write. Runs inside the installation: `manage.py shell -c`."""

import uuid
from datetime import timedelta

from django.utils import timezone

from tests.browser.scenarios import TOUR

SIZE = 2048  # characters a message


def long_conversation(user_id: int, messages: int) -> str:
    """A conversation of `messages` messages, Markdown throughout; returns its id."""
    from chat.models import Conversation, Generation, Message

    now = timezone.now()
    conversation = Conversation.objects.create(owner_id=user_id, title="A long one", updated_at=now)
    text = (TOUR + "\n\n" + "Plain words, as most of an answer is. " * 40)[:SIZE]
    rows: list[Message] = []
    for number in range(messages):
        rows.append(
            Message(
                id=uuid.uuid4(),
                conversation=conversation,
                owner_id=user_id,
                parent=rows[-1] if rows else None,
                role="assistant" if number % 2 else "user",
                text=text,
            )
        )
    Message.objects.bulk_create(rows)
    Generation.objects.bulk_create(
        Generation(
            owner_id=user_id,
            message=row,
            state=Generation.State.COMPLETE,
            provider="atlas",
            model="atlas/swift",
            tier="simple",
            reason="the cheapest that is up to it",
            first_token_ms=80,
            total_ms=1200,
            heartbeat_at=now,
        )
        for row in rows
        if row.role == "assistant"
    )
    conversation.leaf_id = rows[-1].id
    conversation.save()
    return str(conversation.id)


def several(user_id: int, sizes: list[int]) -> None:
    """A conversation of each size; says their ids, in this order."""
    for size in sizes:
        print(long_conversation(user_id, size))


def many(user_id: int, count: int) -> None:
    """So many conversations, empty ones."""
    from chat.models import Conversation

    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(owner_id=user_id, title=f"Number {number}", updated_at=now + timedelta(seconds=number))
        for number in range(count)
    )
