"""What a user does to a whole conversation. Synchronous; every look-up begins at the owner."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat import checkpoints
from chat.history import NotFound
from chat.models import Conversation, Message

LIST_LIMIT = 60
TITLE_MOST = 200
PINNED_MOST = 50
INSTRUCTIONS_MOST = 8_000  # characters
UNDO_PERIOD = timedelta(days=1)


class TooManyPinned(Exception):
    """As many conversations are pinned as may be."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list. `more`: there are others behind the last one."""

    rows: list[Conversation]
    more: bool


def newest(user_id: int, query: str = "", *, archived: bool = False, behind: UUID | None = None) -> Listed:
    """The user's conversations: the pinned ones, then the others, newest first, or those `behind` one of
    them. With `query`, those whose title contains it, wherever they are put away."""
    found = _of(user_id).defer("instructions").order_by("-updated_at", "-id")
    if query:
        return _page(found.filter(title__icontains=query))
    found = found.filter(archived_at__isnull=not archived)
    if behind is not None:
        last = get(user_id, behind)
        found = found.filter(
            Q(updated_at__lt=last.updated_at) | Q(updated_at=last.updated_at, id__lt=last.id)
        )
    if archived:
        return _page(found)
    pinned = [] if behind else list(found.filter(pinned=True)[:PINNED_MOST])
    rest = _page(found.filter(pinned=False))
    return Listed(pinned + rest.rows, rest.more)


def _page(found: QuerySet[Conversation]) -> Listed:
    rows = list(found[: LIST_LIMIT + 1])
    return Listed(rows[:LIST_LIMIT], len(rows) > LIST_LIMIT)


def get(user_id: int, conversation_id: UUID) -> Conversation:
    try:
        return _of(user_id).get(id=conversation_id)
    except ObjectDoesNotExist:
        raise NotFound from None


def change(user_id: int, conversation_id: UUID, **wish: Any) -> Conversation:
    """Rename it (`title`), pin it (`pinned`), put it away (`archived`), tell the model something before all
    else (`instructions`). Raises TooManyPinned."""
    conversation = get(user_id, conversation_id)
    values: dict[str, Any] = {
        name: wish[name] for name in ("pinned", "instructions", "title") if name in wish
    }
    if "title" in wish:
        values["titled_by_user"] = True
    if wish.get("pinned") and not conversation.pinned and pinned(user_id) >= PINNED_MOST:
        raise TooManyPinned
    if wish.get("pinned"):
        wish.setdefault("archived", False)  # what stands above all others is not put away
    if "archived" in wish:
        values["archived_at"] = timezone.now() if wish["archived"] else None
        if wish["archived"]:
            values["pinned"] = False
    for name, value in values.items():
        setattr(conversation, name, value)
    conversation.save(update_fields=list(values))
    return conversation


def pinned(user_id: int) -> int:
    return Conversation.objects.filter(owner=user_id, pinned=True, deleted_at=None).count()


def show_branch(user_id: int, conversation_id: UUID, message_id: UUID) -> Conversation:
    """Make the branch through `message_id` the shown one, down to its newest leaf."""
    conversation = get(user_id, conversation_id)
    rows = dict[UUID, UUID]()  # parent → its newest child
    for child, parent in conversation.messages.order_by("created_at").values_list("id", "parent_id"):
        rows[parent] = child
    if not conversation.messages.filter(id=message_id).exists():
        raise NotFound
    leaf = message_id
    while leaf in rows:
        leaf = rows[leaf]
    conversation.leaf_id = leaf
    conversation.save(update_fields=["leaf_id"])
    return conversation


def delete(user_id: int, conversation_id: UUID) -> None:
    """Put it away; `restore` brings it back, the nightly clean-up removes it for good."""
    if not _of(user_id).filter(id=conversation_id).update(deleted_at=timezone.now()):
        raise NotFound


def restore(user_id: int, conversation_id: UUID) -> Conversation:
    owned = Conversation.objects.filter(owner=user_id, id=conversation_id)
    if not owned.update(deleted_at=None):
        raise NotFound
    return owned.get()


def every_message(user_id: int, conversation_id: UUID) -> tuple[Conversation, list[Message]]:
    """The conversation and all its branches, oldest message first, each with its generation."""
    conversation = get(user_id, conversation_id)
    rows = conversation.messages.select_related("generation").order_by("created_at")
    messages = list(rows.defer("generation__journal"))
    checkpoints.read_into(one.generation for one in messages if hasattr(one, "generation"))
    return conversation, messages


def every_id(user_id: int) -> list[UUID]:
    """Of all conversations, the archived ones too, oldest first."""
    return list(_of(user_id).order_by("created_at", "id").values_list("id", flat=True))


def _of(user_id: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(owner=user_id, deleted_at=None)


def remove_deleted() -> int:
    """Remove for good what was deleted more than `UNDO_PERIOD` ago; returns how many conversations."""
    past = timezone.now() - UNDO_PERIOD
    _, rows = Conversation.objects.filter(deleted_at__lt=past).delete()
    return rows.get("chat.Conversation", 0)
