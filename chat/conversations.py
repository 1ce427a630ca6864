"""What a user does to a whole conversation. Synchronous; every look-up begins at the owner."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.utils import timezone

from chat.history import NotFound
from chat.models import Conversation, Message

LIST_LIMIT = 60
TITLE_MOST = 200
UNDO_PERIOD = timedelta(days=1)


def newest(user_id: int, query: str = "") -> list[Conversation]:
    """The user's conversations, newest first; with `query`, those whose title contains it."""
    found = _of(user_id).order_by("-updated_at")
    if query:
        found = found.filter(title__icontains=query)
    return list(found[:LIST_LIMIT])


def get(user_id: int, conversation_id: UUID) -> Conversation:
    try:
        return _of(user_id).get(id=conversation_id)
    except ObjectDoesNotExist:
        raise NotFound from None


def rename(user_id: int, conversation_id: UUID, title: str) -> Conversation:
    conversation = get(user_id, conversation_id)
    conversation.title, conversation.titled_by_user = title, True
    conversation.save(update_fields=["title", "titled_by_user"])
    return conversation


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
    messages = conversation.messages.select_related("generation").order_by("created_at")
    return conversation, list(messages.defer("generation__journal"))


def _of(user_id: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(owner=user_id, deleted_at=None)


def remove_deleted() -> int:
    """Remove for good what was deleted more than `UNDO_PERIOD` ago; returns how many conversations."""
    past = timezone.now() - UNDO_PERIOD
    _, rows = Conversation.objects.filter(deleted_at__lt=past).delete()
    return rows.get("chat.Conversation", 0)
