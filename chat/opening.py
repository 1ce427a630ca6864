"""Opening a turn: the question, its answer under way and what it may take, saved in one transaction.

Synchronous; callers on the event loop go through `in_database`. Every look-up begins at the owner, so that
somebody else's id raises `NotFound` exactly as a missing one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.utils import timezone

from chat.gateway.counting import count_tokens
from chat.history import Line, NotFound, conversation_of, prompt
from chat.models import Conversation, Generation, Message
from chat.protocol import Regenerate, Send
from grump.lib.ids import new_id
from grump.lib.rows import add, change, kept_id
from usage import quota
from usage.allowance import Allowance

TITLE_LENGTH = 60
CUT = "…"


@dataclass(frozen=True, slots=True)
class Opened:
    """A saved question and the generation that is to answer it. `is_new` is False where the question (or
    the wish for another version) was already being served: nothing further is to be started."""

    conversation_id: UUID | None  # None: nothing of it is stored
    question_id: UUID
    answer_id: UUID
    generation_id: UUID
    is_new: bool
    starts_conversation: bool = False
    title: str = ""
    parent_id: UUID | None = None
    prompt: tuple[Line, ...] = ()
    model: str = "auto"
    prefill: str = ""
    instructions: str = ""
    allowed: Allowance | None = None
    is_temporary: bool = False

    @property
    def wants_title(self) -> bool:
        """Its beginning had to be cut to be a title; a short question is its own best one."""
        return self.starts_conversation and self.title.endswith(CUT)


@dataclass(frozen=True, slots=True)
class Asking:
    """What an answer may cost: prices in millionths of a dollar for a million tokens. No more than `window`
    tokens are sent, however long the conversation."""

    input_price: int = 0
    output_price: int = 0
    window: int | None = None


def open_question(user_id: int, send: Send, process: str, asking: Asking = Asking()) -> Opened:
    """Save the question and a running generation, and hold what the answer may take; the same
    client_message_id finds the first one. Raises QuotaExceeded, and saves nothing then."""
    try:
        with transaction.atomic():
            return _save_question(user_id, send, process, asking)
    except IntegrityError:
        # The constraint on client_message_id is the look-up: a message that is new, as nearly all are, pays
        # no query for it, and of two sockets that send it at once one lands here.
        opened = _already_sent(user_id, send)
        if opened is None:
            raise
        return opened


def _already_sent(user_id: int, send: Send) -> Opened | None:
    question = Message.objects.filter(owner=user_id, client_message_id=send.client_message_id).first()
    if question is None:
        return None
    answer = question.children.select_related("generation").order_by("created_at").first()
    assert answer is not None, "a question and its first answer are saved together"
    return Opened(
        conversation_id=question.conversation_id,
        question_id=question.id,
        answer_id=answer.id,
        generation_id=answer.generation.id,
        is_new=False,
    )


@dataclass(frozen=True, slots=True)
class _Thread:
    """The conversation that is asked in. `is_new`: it is not saved yet."""

    id: UUID
    owner_id: int
    title: str
    instructions: str
    is_new: bool = False


def _save_question(user_id: int, send: Send, process: str, asking: Asking) -> Opened:
    if send.conversation_id is None:
        if send.parent_id is not None or send.edits is not None:
            raise NotFound
        title, instructions = first_title(send.text), send.instructions.strip()
        thread, parent_id = _Thread(new_id(), user_id, title, instructions, is_new=True), None
    else:
        conversation = conversation_of(user_id, send.conversation_id)
        if send.parent_id and not conversation.messages.filter(id=send.parent_id).exists():
            raise NotFound
        thread, parent_id = _thread(conversation), _parent(conversation, send)
    question = Line("user", send.text, count_tokens(send.text), new_id(), timezone.now())
    fresh = {
        "id": question.id,
        "conversation_id": thread.id,
        "owner_id": user_id,
        "parent_id": parent_id,
        "role": question.role,
        "text": question.text,
        "tokens": question.tokens,
        "client_message_id": send.client_message_id,
        "created_at": question.at,
    }
    return _open_answer(thread, question, parent_id, process, asking, model=send.model, fresh=fresh)


def _thread(conversation: Conversation) -> _Thread:
    return _Thread(conversation.id, conversation.owner_id, conversation.title, conversation.instructions)


def _parent(conversation: Conversation, send: Send) -> UUID | None:
    """What the question follows: the edited one's parent, the one that is named, or the end."""
    if send.edits is None:
        return send.parent_id or conversation.leaf_id
    edited = conversation.messages.filter(id=send.edits, role=Message.Role.USER).first()
    if edited is None:
        raise NotFound
    return edited.parent_id


def open_version(user_id: int, wish: Regenerate, process: str, asking: Asking = Asking()) -> Opened:
    """A further answer to the question that `message_id` is, or answers. Raises QuotaExceeded."""
    with transaction.atomic():
        try:
            message = (
                Message.objects.select_related("conversation", "parent")
                .filter(conversation__deleted_at=None)
                .get(owner=user_id, id=wish.message_id)
            )
        except ObjectDoesNotExist:
            raise NotFound from None
        question = message.parent if message.role == Message.Role.ASSISTANT else message
        if question is None:
            raise NotFound
        running = Generation.objects.filter(message__parent=question, state=Generation.State.RUNNING).first()
        if running is not None:
            # A second click while the first one is being answered: the same answer.
            return Opened(question.conversation_id, question.id, running.message_id, running.id, is_new=False)
        prefill = message.text if wish.continue_ and message.role == Message.Role.ASSISTANT else ""
        return _open_answer(
            _thread(message.conversation),
            _line(question),
            question.parent_id,
            process,
            asking,
            model=wish.model,
            prefill=prefill,
        )


def _open_answer(
    thread: _Thread,
    question: Line,
    parent_id: UUID | None,
    process: str,
    asking: Asking,
    *,
    model: str,
    prefill: str = "",
    fresh: Mapping[str, Any] | None = None,
) -> Opened:
    """Save an answer under way to `question`, which follows `parent_id` and is saved with it where it is
    `fresh`: a statement a table, whatever is new."""
    assert question.id is not None
    now = timezone.now()
    answer_id, generation_id = new_id(), new_id()
    # What is asked in again is back in the list.
    shown = {"leaf_id": answer_id, "updated_at": now, "archived_at": None}
    if thread.is_new:
        told = {"title": thread.title, "instructions": thread.instructions}
        add(Conversation, {"id": thread.id, "owner_id": thread.owner_id, **told, **shown})
    else:
        if change(Conversation, shown, "id = %s", [kept_id(thread.id)], "id") is None:
            raise NotFound  # removed for good since it was looked up
    answer = {
        "id": answer_id,
        "conversation_id": thread.id,
        "owner_id": thread.owner_id,
        "parent_id": question.id,
        "role": "assistant",
        "text": prefill,
    }
    add(Message, *([fresh, answer] if fresh else [answer]))
    generation = {
        "id": generation_id,
        "owner_id": thread.owner_id,
        "message_id": answer_id,
        "requested_model": model,
        "prefill": prefill,
        "process": process,
        "heartbeat_at": now,
    }
    add(Generation, generation)
    lines = [question] if parent_id is None else prompt(question.id)
    # Last, so that a message sent twice finds the first one even where nothing more may be asked.
    reserved = quota.reserve(
        thread.owner_id,
        generation_id,
        quota.Estimate(
            _asked(lines, asking) + count_tokens(prefill) + count_tokens(thread.instructions),
            input_price=asking.input_price,
            output_price=asking.output_price,
        ),
        model=model,
        conversation=thread.id,
        at=now,
    )
    return Opened(
        conversation_id=thread.id,
        question_id=question.id,
        answer_id=answer_id,
        generation_id=generation_id,
        is_new=True,
        starts_conversation=thread.is_new,
        title=thread.title,
        parent_id=parent_id,
        # An attempt that failed before its first word says nothing.
        prompt=tuple(line for line in lines if line.text),
        model=model,
        prefill=prefill,
        instructions=thread.instructions,
        allowed=reserved.standing.allowed,
    )


def _asked(lines: Sequence[Line], asking: Asking) -> int:
    """Tokens, about."""
    tokens = sum(line.tokens for line in lines)
    return tokens if asking.window is None else min(tokens, asking.window)


def _line(message: Message) -> Line:
    return Line(
        message.role,
        message.text,
        message.tokens or count_tokens(message.text),
        message.id,
        message.created_at,
        message.pinned,
        message.counts,
    )


def first_title(text: str) -> str:
    """The beginning of the text, cut at a word: a title until a better one is made, if it had to be cut."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0] + CUT
