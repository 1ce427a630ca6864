"""What a user does to one message. Synchronous; every look-up begins at the owner."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from chat.context import note
from chat.history import NotFound
from chat.models import Generation, Message


def pin(user_id: int, message_id: UUID, pinned: bool) -> Message:
    """Have it sent word for word, however long its conversation gets, or no longer."""
    message = _of(user_id, message_id)
    if message.pinned != pinned:
        Message.objects.filter(id=message.pk).update(pinned=pinned)
        message.pinned = pinned
    return message


def sent_with(user_id: int, message_id: UUID) -> dict[str, Any]:
    """What of the older messages was sent for the answer `message_id`: nothing where all of it was."""
    _of(user_id, message_id)
    generation = Generation.objects.filter(message=message_id).only("context").first()
    stored = generation.context if generation else None
    if not stored:
        return {"context": None, "passages": []}
    ranges = stored.get("ranges", {})
    messages = Message.objects.filter(owner=user_id, id__in=list(ranges)).order_by("created_at")
    return {"context": note.told(stored), "passages": note.passages(list(messages), ranges)}


def _of(user_id: int, message_id: UUID) -> Message:
    try:
        return Message.objects.filter(conversation__deleted_at=None).get(owner=user_id, id=message_id)
    except ObjectDoesNotExist:
        raise NotFound from None
