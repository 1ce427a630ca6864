"""`/api/preferences`: how its person wants the chat to be."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from chat import preferences
from chat.api.conversations import for_owner
from chat.models import Preferences
from chat.protocol import MAX_NAME
from grump.lib.database import in_database
from grump.operations.errors import error_response


@require_http_methods(["GET", "PATCH"])
@for_owner
async def one(request: HttpRequest, user_id: int) -> HttpResponse:
    """A PATCH changes what it names."""
    if request.method == "PATCH":
        try:
            values = _read(request.body)
        except (orjson.JSONDecodeError, ValueError):
            return error_response(400, "bad_request", "This is no set of preferences.")
        found = await in_database(preferences.change, user_id, **values)
    else:
        found = await in_database(preferences.of, user_id)
    return JsonResponse(preferences.shape(found))


def _read(body: bytes) -> dict[str, Any]:
    """Raises ValueError where anything named is not what it has to be; a name nobody knows is left out."""
    given = orjson.loads(body)
    if not isinstance(given, dict):
        raise ValueError
    values = {name: given[name] for name in preferences.NAMES if name in given}
    if not values or not all(_fits(name, value) for name, value in values.items()):
        raise ValueError
    return values


def _fits(name: str, value: Any) -> bool:
    match name:
        case "send_key":
            return value in Preferences.SendKey.values
        case "model":
            return isinstance(value, str) and 0 < len(value) <= MAX_NAME and "\0" not in value
        case "preference":
            return type(value) in (int, float) and 0 <= value <= 1  # NaN is not between them either
    return type(value) is bool
