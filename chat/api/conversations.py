"""`/api/conversations`: the list, one conversation, and what its user does to it."""

import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, cast
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from chat import conversations, protocol, shapes
from chat.history import NotFound
from chat.prediction import ahead, preloading
from chat.prediction.index import forget
from chat.runtime import runtime
from grump.accounts.models import User
from grump.lib.database import in_database
from grump.operations.errors import error_response

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def for_owner(view: View) -> View:
    """Call the view with the user's id; nobody, and somebody else's id, find nothing."""

    @wraps(view)
    async def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = await request.auser()
        if not user.is_authenticated or not user.is_active:
            return error_response(404, "not_found", "There is no such thing here.")
        try:
            return await view(request, user.pk, *args, **kwargs)
        except NotFound:
            return error_response(404, "not_found", "There is no such thing here.")

    return scoped


@require_http_methods(["GET"])
@for_owner
async def index(request: HttpRequest, user_id: int) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "")[: conversations.TITLE_MOST]
    try:
        behind = UUID(request.GET["behind"]) if "behind" in request.GET else None
    except ValueError:
        raise NotFound from None
    archived = request.GET.get("archived") == "1"
    found = await in_database(conversations.newest, user_id, query, archived=archived, behind=behind)
    return JsonResponse(
        {"conversations": [shapes.listed(conversation) for conversation in found.rows], "more": found.more}
    )


@require_http_methods(["GET"])
@for_owner
async def likely(request: HttpRequest, user_id: int) -> HttpResponse:
    """Those that will probably be opened next, for a browser that has nothing else to do; `current` is the
    one it shows."""
    try:
        current = UUID(request.GET["current"]) if request.GET.get("current") else None
    except ValueError:
        raise NotFound from None
    user = cast(User, await request.auser())
    found = await in_database(preloading.likely_pages, user_id, user.time_zone, current)
    leaf = await in_database(_leaf, user_id, found[0]) if found else None
    if leaf is not None:
        await ahead.come_back(leaf)
    return JsonResponse({"conversations": [str(id) for id in found]})


def _leaf(user_id: int, conversation_id: UUID) -> UUID | None:
    return conversations.get(user_id, conversation_id).leaf_id


@require_http_methods(["GET", "PATCH", "DELETE"])
@for_owner
async def one(request: HttpRequest, user_id: int, conversation_id: UUID) -> HttpResponse:
    match request.method:
        case "PATCH":
            return await _change(request, user_id, conversation_id)
        case "DELETE":
            return await _delete(user_id, conversation_id)
        case _:
            return await _show(request, user_id, conversation_id)


async def _show(request: HttpRequest, user_id: int, conversation_id: UUID) -> HttpResponse:
    try:
        leaf = UUID(request.GET["leaf"]) if "leaf" in request.GET else None
        before = UUID(request.GET["before"]) if "before" in request.GET else None
    except ValueError:
        raise NotFound from None
    if request.GET.get("ahead") == "likely":
        return JsonResponse(await in_database(_read_ahead, user_id, conversation_id))
    return JsonResponse(await in_database(_read, user_id, conversation_id, leaf, before))


def _read_ahead(user_id: int, conversation_id: UUID) -> dict[str, Any]:
    """Before it is asked for; what that takes is written down."""
    worked = time.thread_time()
    shape = _read(user_id, conversation_id, None, None)
    preloading.fetched(user_id, conversation_id, round((time.thread_time() - worked) * 1000))
    return shape


def _read(user_id: int, conversation_id: UUID, leaf: UUID | None, before: UUID | None) -> dict[str, Any]:
    if leaf is not None:
        conversation = conversations.show_branch(user_id, conversation_id, leaf)
    else:
        conversation = conversations.get(user_id, conversation_id)
    if before is not None and not conversation.messages.filter(id=before).exists():
        raise NotFound
    return shapes.opened(conversation, before)


async def _change(request: HttpRequest, user_id: int, conversation_id: UUID) -> HttpResponse:
    try:
        wish = _wish(orjson.loads(request.body))
        conversation = await in_database(conversations.change, user_id, conversation_id, **wish)
    except (orjson.JSONDecodeError, ValueError) as error:
        said = str(error) if type(error) is ValueError else "Send a JSON object of what is to be changed."
        return error_response(400, "bad_request", said)
    except conversations.TooManyPinned:
        most = conversations.PINNED_MOST
        return error_response(409, "too_many", f"No more than {most} conversations can be pinned.")
    listed = shapes.listed(conversation)
    _tell(user_id, conversation_id, **{name: listed[name] for name in listed if name != "id"})
    return JsonResponse(listed | {"instructions": conversation.instructions})


def _wish(given: Any) -> dict[str, Any]:
    """What is to be changed. Raises ValueError, in words for whoever sent it."""
    wish: dict[str, Any] = {}
    if not isinstance(given, dict):
        raise ValueError("Send a JSON object of what is to be changed.")
    if "title" in given:
        title = given["title"] if isinstance(given["title"], str) else ""
        wish["title"] = " ".join(title.replace("\0", "").split())
        if not 1 <= len(wish["title"]) <= conversations.TITLE_MOST:
            raise ValueError(f"A title has 1 to {conversations.TITLE_MOST} characters.")
    if "instructions" in given:
        text = given["instructions"]
        if not isinstance(text, str) or len(text) > conversations.INSTRUCTIONS_MOST or "\0" in text:
            raise ValueError(f"Instructions have at most {conversations.INSTRUCTIONS_MOST:,} characters.")
        wish["instructions"] = text.strip()
    for name in ("pinned", "archived"):
        if name in given:
            if type(given[name]) is not bool:
                raise ValueError(f"{name} is true or false.")
            wish[name] = given[name]
    if not wish:
        raise ValueError("Nothing that can be changed is named: title, pinned, archived, instructions.")
    return wish


async def _delete(user_id: int, conversation_id: UUID) -> HttpResponse:
    await in_database(conversations.delete, user_id, conversation_id)
    forget(user_id)
    _tell(user_id, conversation_id, deleted=True, updated_at=timezone.now().isoformat())
    return HttpResponse(status=204)


@require_http_methods(["POST"])
@for_owner
async def restore(request: HttpRequest, user_id: int, conversation_id: UUID) -> HttpResponse:
    conversation = await in_database(conversations.restore, user_id, conversation_id)
    listed = shapes.listed(conversation)
    _tell(user_id, conversation_id, deleted=False, **{name: listed[name] for name in listed if name != "id"})
    return JsonResponse(listed)


def _tell(user_id: int, conversation_id: UUID, **changed: Any) -> None:
    """Every open tab of the user sees the change."""
    frame = protocol.ConversationUpdated(conversation_id=conversation_id, **changed)
    runtime().live.tell_user(user_id, frame)
