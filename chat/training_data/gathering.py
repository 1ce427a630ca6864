"""Whose conversations may be used, and what was said in them. Synchronous; a few rows at a time."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from chat.exporting import branch_of
from chat.models import Conversation, Message
from figures.feedback import thumbs_of
from grump.accounts.models import User

PEOPLE = 200  # a page
CONVERSATIONS = 20
UNREAD = ("generation__journal", "generation__reasoning", "generation__prefill", "counts")


@dataclass(frozen=True, slots=True)
class Said:
    """One message. What follows `text` is about answers alone; `own`: it was made here, not brought along in
    a file. `thumb` is what its reader thought of it, None for nothing."""

    role: str
    text: str
    state: str = ""
    finish_reason: str = ""
    model: str = ""
    cached: str = ""
    own: bool = True
    thumb: bool | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as it is shown, and what its owner is called."""

    owner_id: int
    names: tuple[str, ...]
    instructions: str
    said: tuple[Said, ...]


def agreed() -> QuerySet[User]:
    """The people whose word it is now that theirs may be used."""
    return User.objects.filter(shares_for_training=True, is_active=True)


def talks() -> Iterator[Talk]:
    """Every conversation that may be used, owner by owner. What its owner put into the bin is not one of
    them; a temporary chat was never stored."""
    for person in _by_number(agreed().only("pk", "username", "first_name", "last_name", "email"), PEOPLE):
        names = _names(person)
        theirs = Conversation.objects.of(person).filter(deleted_at=None, leaf_id__isnull=False)
        page: list[Conversation] = []
        for conversation in _by_number(theirs.only("pk", "leaf_id", "instructions"), CONVERSATIONS):
            page.append(conversation)
            if len(page) == CONVERSATIONS:
                yield from _read(person.pk, names, page)
                page = []
        if page:
            yield from _read(person.pk, names, page)


def _by_number(rows: QuerySet[Any], size: int) -> Iterator[Any]:
    """In pages, not through a cursor: an hour's work must hold no transaction open."""
    ordered = rows.order_by("pk")
    page = list(ordered[:size])
    while page:
        yield from page
        page = list(ordered.filter(pk__gt=page[-1].pk)[:size])


def _read(owner_id: int, names: tuple[str, ...], page: list[Conversation]) -> Iterator[Talk]:
    """Two queries, however many conversations."""
    by_conversation: dict[UUID, list[Message]] = defaultdict(list)
    rows = Message.objects.filter(conversation__in=page, owner=owner_id).select_related("generation")
    for message in rows.defer(*UNREAD).order_by("created_at", "id"):
        by_conversation[message.conversation_id].append(message)
    branches = [branch_of(one.leaf_id, by_conversation[one.pk]) for one in page]
    made = [
        message.generation.pk for branch in branches for message in branch if hasattr(message, "generation")
    ]
    thumbs = thumbs_of(owner_id, made)
    for conversation, branch in zip(page, branches, strict=True):
        said = tuple(_said(message, thumbs) for message in branch)
        yield Talk(owner_id, names, conversation.instructions, said)


def _said(message: Message, thumbs: dict[UUID, bool]) -> Said:
    made = getattr(message, "generation", None)
    if made is None:
        return Said(message.role, message.text)
    return Said(
        message.role,
        message.text,
        made.state,
        made.finish_reason,
        made.model,
        made.cached,
        bool(made.process),
        thumbs.get(made.pk),
    )


def _names(person: User) -> tuple[str, ...]:
    known = [person.first_name, person.last_name, person.email, person.username]
    return tuple(name.strip() for name in known if len(name.strip()) > 2)
