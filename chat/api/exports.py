"""`GET /api/conversations/<id>/export?as=markdown|json`: one conversation as a file. `GET /api/export`: all
of them, sent as they are read."""

import math
from collections.abc import AsyncIterator
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from chat import conversations, exporting
from chat.api.conversations import for_owner
from chat.history import NotFound
from grump.lib.database import in_database
from grump.lib.pace import Pace
from grump.operations.errors import error_response

Export = exporting.JsonExport | exporting.MarkdownExport
EXPORTS_AN_HOUR = 20  # of everything, a person


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
    text = exporting.as_markdown(conversation, exporting.branch_of(conversation.leaf_id, messages))
    return _file(text.encode(), "text/markdown; charset=utf-8", exporting.file_name(conversation.title, "md"))


def _json(user_id: int, conversation_id: UUID) -> HttpResponse:
    conversation, messages = conversations.every_message(user_id, conversation_id)
    body = orjson.dumps(exporting.as_json(conversation, messages), option=orjson.OPT_INDENT_2)
    return _file(body, "application/json", exporting.file_name(conversation.title, "json"))


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


_pace = Pace(EXPORTS_AN_HOUR, 3600.0)


@require_http_methods(["GET"])
@for_owner
async def everything(request: HttpRequest, user_id: int) -> HttpResponseBase:
    kinds: dict[str, type[Export]] = {"markdown": exporting.MarkdownExport, "json": exporting.JsonExport}
    kind = kinds.get(request.GET.get("as", "json"))
    if kind is None:
        return error_response(400, "bad_request", "Conversations are exported as markdown or as json.")
    if wait := _pace.wait(user_id):
        response: HttpResponseBase = error_response(
            429, "rate_limited", "So many exports at once: wait a little."
        )
        response["Retry-After"] = str(math.ceil(wait))
        return response
    ids = await in_database(conversations.every_id, user_id)
    response = StreamingHttpResponse(_told(user_id, ids, kind()), content_type=kind.content_type)
    response["Content-Disposition"] = f'attachment; filename="{kind.file_name}"'
    return response


async def _told(user_id: int, ids: list[UUID], export: Export) -> AsyncIterator[bytes]:
    """A conversation at a time, each with a connection of its own: a slow reader holds none."""
    yield export.begin()
    for conversation_id in ids:
        try:
            yield await in_database(_piece, user_id, conversation_id, export)
        except NotFound:
            continue  # deleted meanwhile
    yield export.end()


def _piece(user_id: int, conversation_id: UUID, export: Export) -> bytes:
    conversation, messages = conversations.every_message(user_id, conversation_id)
    return export.add(conversation, messages, exporting.branch_of(conversation.leaf_id, messages))
