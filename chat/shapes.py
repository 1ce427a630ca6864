"""Rows as the page sees them: the JSON of `/api/conversations` and of the page's first data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chat import checkpoints
from chat.context.note import told
from chat.gateway.stack import ModelEntry
from chat.history import BRANCH_LIMIT, branch
from chat.models import Conversation, FollowUps, Generation, Message
from figures.feedback import thumbs_of


def listed(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": str(conversation.id),
        "title": conversation.title,
        "updated_at": conversation.updated_at.isoformat(),
        "pinned": conversation.pinned,
        "archived": conversation.archived_at is not None,
    }


def opened(conversation: Conversation, before: UUID | None = None) -> dict[str, Any]:
    """A conversation with the newest messages of its shown branch, or those above message `before`."""
    leaf = before or conversation.leaf_id
    messages = branch(leaf, BRANCH_LIMIT + 1) if leaf else []
    if before:
        messages = messages[:-1]
    earlier = len(messages) > BRANCH_LIMIT
    messages = messages[-BRANCH_LIMIT:]
    return {
        **listed(conversation),
        "instructions": conversation.instructions,
        "leaf_id": str(conversation.leaf_id) if conversation.leaf_id else None,
        "earlier": earlier,
        "messages": _messages(conversation, messages),
        "follow_ups": _follow_ups(conversation),
    }


def _follow_ups(conversation: Conversation) -> list[str]:
    """What is offered under the last answer that is shown."""
    offered = FollowUps.objects.filter(message=conversation.leaf_id).first() if conversation.leaf_id else None
    return offered.questions if offered else []


def _messages(conversation: Conversation, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Three further queries, however many messages there are, and one while an answer is being written."""
    generations = {
        generation.message_id: generation
        for generation in Generation.objects.filter(message__in=[message.id for message in messages]).defer(
            "journal"
        )
    }
    for message in messages:
        if message.id in generations:
            generations[message.id].message = message
    checkpoints.read_into(generations.values())
    versions = _versions(conversation, {message.parent_id for message in messages})
    shapes = [
        message_shape(message, generations.get(message.id), versions.get(message.parent_id, ()))
        for message in messages
    ]
    thumbs = thumbs_of(conversation.owner_id, [generation.id for generation in generations.values()])
    for message, shape in zip(messages, shapes, strict=True):
        if message.id in generations:
            shape["generation"]["thumb"] = thumbs.get(generations[message.id].id)
    return shapes


def _versions(conversation: Conversation, parents: Iterable[UUID | None]) -> Mapping[UUID | None, list[UUID]]:
    """The children of each parent, oldest first. Found by their parents alone and put in order here: asked by
    conversation or in order, a database reads every message that a long conversation has."""
    wanted = set(parents)
    below = Message.objects.filter(parent__in=wanted - {None})
    rows = list(below.values_list("created_at", "parent_id", "id"))
    if None in wanted:
        rows += conversation.messages.filter(parent=None).values_list("created_at", "parent_id", "id")
    children: dict[UUID | None, list[UUID]] = {}
    for _, parent, child in sorted(rows, key=lambda row: row[0]):
        children.setdefault(parent, []).append(child)
    return children


def message_shape(
    message: Message, generation: Generation | None, versions: Sequence[UUID]
) -> dict[str, Any]:
    ids = [str(version) for version in versions]
    return {
        "id": str(message.id),
        "parent_id": str(message.parent_id) if message.parent_id else None,
        "role": message.role,
        "text": message.text,
        "created_at": message.created_at.isoformat(),
        "pinned": message.pinned,
        "siblings": {
            "index": ids.index(str(message.id)) if str(message.id) in ids else 0,
            "count": len(ids),
            "ids": ids,
        },
        "generation": generation and generation_shape(generation),
    }


def generation_shape(generation: Generation) -> dict[str, Any]:
    return {
        "id": str(generation.id),
        "state": generation.state,
        "provider": generation.provider,
        "model": generation.model,
        "tier": generation.tier,
        "reason": generation.reason,
        "cached": generation.cached or None,
        "reasoning": generation.reasoning,
        "finish_reason": generation.finish_reason,
        "first_token_ms": generation.first_token_ms,
        "total_ms": generation.total_ms,
        "cost_usd": generation.cost_microusd / 1_000_000,
        "input_tokens": generation.input_tokens,
        "output_tokens": generation.output_tokens,
        "estimated": generation.usage_estimated,
        "context": told(generation.context),
        "error": (
            {"code": generation.error_code, "message": generation.error_message}
            if generation.error_code
            else None
        ),
    }


def model_shape(entry: ModelEntry) -> dict[str, Any]:
    """One row of the model picker."""
    model, provider = entry.model, entry.provider
    return {
        "name": model.name,
        "title": model.name.partition("/")[2],
        "provider": provider.name,
        "provider_title": provider.title or provider.name,
        "tier": model.tier,
        "context": model.context,
        "price": {"input": model.price.input, "output": model.price.output},
        "capabilities": sorted(model.capabilities),
        "configured": entry.configured,
        "first_token_ms": None if entry.first_token is None else round(entry.first_token * 1000),
        "resting": entry.resting,
    }
