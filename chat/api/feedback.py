"""`/api/feedback/…`: thumbs on answers, and the question how satisfied somebody is."""

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from chat.api.conversations import for_owner
from chat.history import NotFound
from chat.models import Conversation, Generation
from experiments.deciding import variants_of
from experiments.subjects import of_request
from figures import feedback
from grump.accounts.models import User
from grump.lib.database import in_database
from grump.operations.errors import error_response

MOST_TEXT, MOST_LINE = 1000, 300


class _Bad(Exception):
    """What was sent is not what this address takes; its text says what is."""


@require_http_methods(["POST"])
@for_owner
async def thumb(request: HttpRequest, user_id: int, generation_id: UUID) -> HttpResponse:
    try:
        said = _object(request)
        up, reason = said.get("up"), said.get("reason", "")
        if up not in (True, False, None) or (isinstance(up, int | float) and not isinstance(up, bool)):
            raise _Bad('"up" is true, false or null.')
        if reason not in feedback.REASONS:
            raise _Bad(f'"reason" is one of {", ".join(feedback.REASONS[1:])}.')
        text = _text(said.get("text", ""), MOST_TEXT)
    except _Bad as bad:
        return error_response(400, "bad_request", str(bad))
    await in_database(_rate, user_id, generation_id, up, reason, text)
    return HttpResponse(status=204)


def _rate(user_id: int, generation_id: UUID, up: bool | None, reason: str, text: str) -> None:
    row = (
        Generation.objects.filter(owner=user_id, id=generation_id)
        .exclude(state=Generation.State.RUNNING)
        .values_list("provider", "model", "plan", "release", "variants")
        .first()
    )
    if row is None:
        raise NotFound
    under = feedback.Circumstances(*row)
    feedback.rate(user_id, generation_id, up, timezone.now(), reason=reason, text=text, under=under)


@require_http_methods(["POST"])
@for_owner
async def satisfaction(request: HttpRequest, user_id: int) -> HttpResponse:
    """`{"ask": true}` asks whether to ask, `{"score": 1…5, "text": …}` answers, `{"never_again": true}` ends
    it for good."""
    try:
        said = _object(request)
        if said.get("ask") is True:
            return JsonResponse({"ask": await in_database(_ask, request, user_id)})
        if said.get("never_again") is True:
            await in_database(feedback.never_again, user_id)
            return HttpResponse(status=204)
        score = said.get("score")
        if type(score) is not int or not 1 <= score <= 5:
            raise _Bad('"score" is a whole number from 1 to 5.')
        text = _text(said.get("text", ""), MOST_LINE)
    except _Bad as bad:
        return error_response(400, "bad_request", str(bad))
    if not await in_database(feedback.answer, user_id, score, text, timezone.now()):
        return error_response(409, "not_asked", "Nothing was asked, or it has been answered.")
    return HttpResponse(status=204)


def _ask(request: HttpRequest, user_id: int) -> bool:
    conversations = Conversation.objects.filter(owner=user_id, deleted_at=None).count()
    variants = variants_of(of_request(request, User.objects.get(pk=user_id)))
    return feedback.ask(user_id, conversations, timezone.now(), variants)


def _object(request: HttpRequest) -> dict[str, Any]:
    try:
        said = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise _Bad("Send a JSON object.")
    return said


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise _Bad(f'"text" is text of at most {most} characters.')
    return value.replace("\0", "").strip()
