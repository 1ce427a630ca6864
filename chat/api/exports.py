"""`GET /api/conversations/<id>/export?as=markdown|json`: one conversation as a file."""

from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from chat import conversations, exporting, history
from chat.api.conversations import for_owner
from grump.lib.database import in_database
from grump.operations.errors import error_response


@require_http_methods(["GET"])
@for_owner
async def one(request: HttpRequest, user_id: int, conversation_id: UUID) -> HttpResponse:
    match request.GET.get("as", "markdown"):
        case "markdown":
            return await in_database(_markdown, user_id, conversation_id)
        case "json":
            return await in_database(_json, user_id, conversation_id)
    return error_response(400, "bad_request", "A conversation is exported as markdown or as json.")


def _markdown(user_id: int, conversation_id: UUID) -> HttpResponse:
    conversation, messages = conversations.every_message(user_id, conversation_id)
    rows = {message.id: message for message in messages}
    shown = history.branch(conversation.leaf_id, len(rows) + 1) if conversation.leaf_id else []
    text = exporting.as_markdown(conversation, [rows[message.id] for message in shown])
    return _file(text.encode(), "text/markdown; charset=utf-8", exporting.file_name(conversation.title, "md"))


def _json(user_id: int, conversation_id: UUID) -> HttpResponse:
    conversation, messages = conversations.every_message(user_id, conversation_id)
    body = orjson.dumps(exporting.as_json(conversation, messages), option=orjson.OPT_INDENT_2)
    return _file(body, "application/json", exporting.file_name(conversation.title, "json"))


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
