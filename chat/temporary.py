"""Chats that are never stored. What was said before comes with each question, from the page that holds it;
the answer lives in the process that writes it and in the sockets that hear it. Only what it took is kept, in
the ledger, as of any question (docs/decisions/0018-temporary-chats.md). Synchronous."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from chat.gateway.counting import count_tokens
from chat.history import Line, NotFound, pay
from chat.models import Generation
from chat.opening import Asking, Opened
from chat.protocol import Send
from grump.lib.ids import new_id
from usage import quota

SOURCE = "temporary"  # in the ledger


def open_question(user_id: int, send: Send, asking: Asking) -> Opened:
    """Hold what the answer may take, and save nothing. Raises QuotaExceeded."""
    if send.conversation_id is not None or send.parent_id is not None or send.edits is not None:
        raise NotFound  # nothing that is stored belongs to a temporary chat
    lines = [*((said.role, said.text) for said in send.history), ("user", send.text)]
    prompt = tuple(Line(role, text, count_tokens(text)) for role, text in lines)
    tokens = sum(line.tokens for line in prompt) + count_tokens(send.instructions)
    generation_id = new_id()
    with transaction.atomic():
        reserved = quota.reserve(
            user_id,
            generation_id,
            quota.Estimate(
                tokens if asking.window is None else min(tokens, asking.window),
                input_price=asking.input_price,
                output_price=asking.output_price,
            ),
            model=send.model,
            source=SOURCE,
        )
    return Opened(
        conversation_id=None,
        question_id=new_id(),
        answer_id=new_id(),
        generation_id=generation_id,
        is_new=True,
        prompt=prompt,
        model=send.model,
        instructions=send.instructions,
        allowed=reserved.standing.allowed,
        is_temporary=True,
    )


def end(generation_id: UUID, state: Generation.State, values: Mapping[str, Any]) -> bool:
    """The bill, and nothing else."""
    with transaction.atomic():
        pay(generation_id, state, values)
    return True
