"""A conversation's title, made in the background by the cheapest model; never over one its user gave."""

import logging
import re
from uuid import UUID

from celery import shared_task
from redis.exceptions import RedisError

from chat.gateway.errors import GatewayError
from chat.gateway.events import Text
from chat.gateway.request import ChatMessage, ChatRequest
from chat.models import Conversation, Message
from chat.opening import TITLE_LENGTH, first_title
from chat.protocol import ConversationUpdated, encode
from chat.runtime import installed_gateway
from grump.lib import loops
from grump.lib.calls import call

logger = logging.getLogger(__name__)

INSTRUCTION = "Write a title of two to six words for this request. Answer with the title only.\n\n"
EXCERPT = 600  # characters of the question that a title needs


@shared_task(name="chat.title_conversation")
def title_conversation(conversation_id: str) -> None:
    untitled = Conversation.objects.filter(id=UUID(conversation_id), titled_by_user=False)
    question = Message.objects.filter(conversation__in=untitled, role=Message.Role.USER, parent=None).first()
    if question is None:
        return
    title = clean_title(loops.run(_ask(question.text[:EXCERPT])))
    if title and untitled.update(title=title):
        _tell_tabs(question.owner_id, ConversationUpdated(conversation_id=UUID(conversation_id), title=title))


def _tell_tabs(user_id: int, updated: ConversationUpdated) -> None:
    """Every open tab of the user, whichever process holds it; one that misses it sees the title later."""
    try:
        call(user_id, "live.wake", process="worker", frame=encode(updated), generation_id=None)
    except (RedisError, OSError) as error:
        logger.info("No tab was told of a title: %s", type(error).__name__)


async def _ask(question: str) -> str:
    gateway = installed_gateway()
    request = ChatRequest(
        messages=(ChatMessage("user", INSTRUCTION + question),),
        max_output=24,
        temperature=0.0,
        priority="background",
        preference=0.0,  # a title is easy, whatever the question in it
    )
    gateway.start()
    try:
        return "".join([event.text async for event in gateway.stream(request) if isinstance(event, Text)])
    except GatewayError as error:
        logger.info("No title was made: %s", error.code)
        return ""
    finally:
        await gateway.close()


def clean_title(answer: str) -> str:
    """The model's words as a title; empty where it did not answer with one."""
    line = next(iter(answer.strip().splitlines()), "")
    line = re.sub(r"^(title|sure|here)\b[^:]*:\s*", "", line, flags=re.IGNORECASE).strip(" \"'*#.“”")
    if not 3 <= len(line) <= TITLE_LENGTH:
        return ""
    return first_title(line)
