"""The chat page: a shell that can be read before any script runs."""

import random
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from chat import conversations, preferences, shapes
from chat.history import NotFound
from chat.runtime import gateway
from chat.starters import STARTERS
from experiments.deciding import variants_of
from experiments.flags import flags_for_page
from experiments.subjects import Subject, of_request
from figures.timings import token_for
from grump.accounts.guests import ensure_guest
from grump.accounts.models import User
from grump.pwa import assets

_CHANGED_BY_HTML = ("\r", "\0")  # HTML Standard, 13.2.3.5 and 13.2.5.1
_GZIP = GZipMiddleware(lambda request: HttpResponse())


@require_safe
@never_cache
@ensure_csrf_cookie
async def page(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    """A visitor becomes a guest here; somebody else's conversation is not found."""
    models = [shapes.model_shape(entry) for entry in gateway().offered()]
    return await sync_to_async(_rendered)(request, conversation_id, models)


def _rendered(
    request: HttpRequest, conversation_id: UUID | None, models: list[dict[str, Any]]
) -> HttpResponse:
    """Compressed here, in the thread that has rendered it: a middleware would cost every request a thread.

    Against guessing at secrets by the length (BREACH) Django adds a random one, and masks its tokens.
    """
    response = _render(request, conversation_id, models)
    _GZIP.process_response(request, response)  # in place
    return response


def _render(request: HttpRequest, conversation_id: UUID | None, models: list[dict[str, Any]]) -> HttpResponse:
    user = ensure_guest(request)
    conversation = None
    if conversation_id is not None:
        try:
            conversation = shapes.opened(conversations.get(user.pk, conversation_id))
        except NotFound:
            raise Http404 from None
    # A browser without cookies has nothing of ours yet: with its styles in it the page is painted sooner.
    styles = None if request.COOKIES else assets.inlined("chat.css")
    listed = conversations.newest(user.pk)
    subject = of_request(request, user)
    response = render(
        request,
        "chat/page.html",
        {
            "styles": styles,
            "conversations": listed.rows,
            "more_conversations": listed.more,
            "conversation": conversation,
            "messages": conversation["messages"] if conversation else [],
            "starters": STARTERS,
            "boot": {
                "user": _user_shape(user),
                "conversation": conversation and _without_what_is_drawn(conversation),
                "models": models,
                "flags": flags_for_page(subject),
                "timings": _timings_token(conversation_id, subject),
                "preferences": preferences.shape(preferences.of(user.pk)),
            },
        },
    )
    if styles:
        csp_update({"style-src": styles.source})(lambda _: response)(request)  # in place
    return response


def _without_what_is_drawn(conversation: dict[str, Any]) -> dict[str, Any]:
    """A text that the page has as text is not in its first data again (static/js/lib/boot.js reads it):
    a long conversation would be sent, unpacked and read twice. But for those that HTML changes."""
    told = [
        message if any(sign in message["text"] for sign in _CHANGED_BY_HTML) else {**message, "text": None}
        for message in conversation["messages"]
    ]
    return {**conversation, "messages": told}


def _user_shape(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": user.display_name, "guest": user.is_guest}


def _timings_token(conversation_id: UUID | None, subject: Subject) -> str:
    """Names the page to what measures it; "" for pages that are not measured."""
    if random.random() >= settings.BROWSER_TIMINGS_SAMPLE:  # noqa: S311 - a sample, no secret
        return ""
    route = "conversation" if conversation_id else "chat"
    return token_for(route, settings.RELEASE, variants_of(subject))
