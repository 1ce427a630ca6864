"""What prediction reads of one person: their questions, their prompts, what became of earlier suggestions.

Synchronous; every query begins at the owner. Deleted conversations are not read, temporary ones were never
stored, and answers are read for the conversation at hand alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Q

from chat.models import Conversation, Heeded, Message, Prompt

MOST_TEXTS = 1_500  # questions, the newest
MOST_TEXT = 2_000  # characters of one
MOST_AT_HAND = 12  # messages of the conversation at hand
MOST_PROMPTS = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a person's texts have been read, and which of them there were."""

    conversations: int
    deleted_at: datetime | None
    prompts: tuple[int, datetime | None]
    read_at: datetime | None

    def is_grown_from(self, old: "Mark") -> bool:
        """Nothing was taken away since: what is new need only be added."""
        same = (self.deleted_at, self.prompts) == (old.deleted_at, old.prompts)
        return same and self.conversations >= old.conversations


def mark(user_id: int) -> Mark:
    """Two queries over indexes."""
    found = Conversation.objects.filter(owner=user_id).aggregate(
        alive=Count("id", filter=Q(deleted_at=None)), deleted=Max("deleted_at"), read=Max("updated_at")
    )
    prompts = Prompt.objects.filter(owner=user_id).aggregate(count=Count("id"), newest=Max("created_at"))
    return Mark(found["alive"], found["deleted"], (prompts["count"], prompts["newest"]), found["read"])


def questions(user_id: int, after: datetime | None = None) -> list[str]:
    """What the person has asked in conversations that are there, oldest first; or only what came `after`."""
    asked = Message.objects.filter(
        owner=user_id, role=Message.Role.USER, conversation__deleted_at=None, conversation__owner=user_id
    )
    if after is not None:
        asked = asked.filter(conversation__updated_at__gt=after, created_at__gt=after)
    texts = list(asked.order_by("-created_at").values_list("text", flat=True)[:MOST_TEXTS])
    return [text[:MOST_TEXT] for text in reversed(texts)]


def prompts(user_id: int) -> list[str]:
    """The person's prompt library."""
    found = Prompt.objects.of(user_id).values_list("text", flat=True)[:MOST_PROMPTS]
    return [text[:MOST_TEXT] for text in found]


def at_hand(user_id: int, conversation_id: UUID) -> list[str]:
    """The newest messages of a conversation, oldest first; none where it is somebody else's."""
    said = Message.objects.filter(
        owner=user_id,
        conversation=conversation_id,
        conversation__owner=user_id,
        conversation__deleted_at=None,
    )
    texts = list(said.order_by("-created_at").values_list("text", flat=True)[:MOST_AT_HAND])
    return [text[:MOST_TEXT] for text in reversed(texts)]


def heeded(user_id: int) -> dict[str, tuple[int, int, float]]:
    """Of each kind: shown, right, expected to be right."""
    rows = Heeded.objects.filter(owner=user_id)
    return {row.kind: (row.shown, row.right, row.expected) for row in rows}


def heed(user_id: int, kinds: dict[str, dict[str, Any]]) -> None:
    """Add what became of suggestions."""
    with transaction.atomic():
        for kind, numbers in kinds.items():
            row, _ = Heeded.objects.get_or_create(owner_id=user_id, kind=kind)
            Heeded.objects.filter(pk=row.pk).update(**{name: F(name) + n for name, n in numbers.items()})
