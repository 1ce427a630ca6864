"""`GET /api/search?q=…`: one's messages that have these words."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from chat import search
from chat.api.conversations import for_owner
from grump.lib.database import in_database

QUERY_MOST = 200  # characters


@require_http_methods(["GET"])
@for_owner
async def texts(request: HttpRequest, user_id: int) -> HttpResponse:
    query = request.GET.get("q", "")[:QUERY_MOST]
    found = await in_database(search.search, user_id, query)
    return JsonResponse(
        {
            "messages": [
                {
                    "conversation_id": str(one.conversation_id),
                    "title": one.title,
                    "message_id": str(one.message_id),
                    "role": one.role,
                    "created_at": one.created_at.isoformat(),
                    "snippet": [{"text": text, "hit": hit} for text, hit in one.snippet],
                }
                for one in found
            ]
        }
    )
