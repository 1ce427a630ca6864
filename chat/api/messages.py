"""`/api/messages`: what its user does to one message, and what was sent with an answer."""

from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from chat import messages, protocol
from chat.api.conversations import for_owner
from chat.runtime import runtime
from grump.lib.database import in_database
from grump.operations.errors import error_response


@require_http_methods(["PATCH"])
@for_owner
async def one(request: HttpRequest, user_id: int, message_id: UUID) -> HttpResponse:
    try:
        pinned = orjson.loads(request.body)["pinned"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pinned = None
    if not isinstance(pinned, bool):
        return error_response(400, "bad_request", 'Send {"pinned": true} or {"pinned": false}.')
    message = await in_database(messages.pin, user_id, message_id, pinned)
    marked = {"id": str(message.id), "pinned": message.pinned}
    frame = protocol.ConversationUpdated(conversation_id=message.conversation_id, marked=marked)
    runtime().live.tell_user(user_id, frame)
    return JsonResponse(marked)


@require_http_methods(["GET"])
@for_owner
async def context(request: HttpRequest, user_id: int, message_id: UUID) -> HttpResponse:
    return JsonResponse(await in_database(messages.sent_with, user_id, message_id))
