"""`POST /api/import`: what was exported as JSON comes back, into whichever account sends it."""

import asyncio
import math

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.http import require_http_methods

from chat import conversations, importing
from chat.api.conversations import for_owner
from grump.lib.database import in_database
from grump.lib.pace import Pace
from grump.operations.errors import error_response

IMPORTS_AN_HOUR = 20  # a person
_pace = Pace(IMPORTS_AN_HOUR, 3600.0)
_STATUS = {"bad_file": 400, "too_large": 413}


@require_http_methods(["POST"])
@for_owner
async def everything(request: HttpRequest, user_id: int) -> HttpResponse:
    if wait := _pace.wait(user_id):
        response = error_response(429, "rate_limited", "So many imports at once: wait a little.")
        response["Retry-After"] = str(math.ceil(wait))
        return response
    try:
        # In a thread: a large file takes a while to be read, and other answers go on meanwhile.
        told = await asyncio.to_thread(_read, request)
    except importing.BadFile as bad:
        return error_response(_STATUS[bad.code], bad.code, bad.message)
    pinned = await in_database(conversations.pinned, user_id)
    count = await importing.store(user_id, told, in_database, pinned)
    return JsonResponse({"conversations": count}, status=201)


def _read(request: HttpRequest) -> list[importing.Told]:
    try:
        return importing.read(request.read(importing.MOST_BYTES + 1))
    except UnreadablePostError:
        raise importing.BadFile("The file did not arrive whole.") from None
