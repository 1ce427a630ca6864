"""`/settings/`: how the chat looks and behaves. Plain forms: they work before any script, and without one."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from chat import conversations, importing, preferences
from chat.fetched_ahead import may_be_fetched_ahead
from chat.gateway.stack import ModelEntry
from chat.runtime import gateway
from chat.settings_forms import ChatForm, LookForm
from grump.accounts.guests import ensure_guest
from grump.lib.database import in_database

YEAR = 60 * 60 * 24 * 365
# What each choice of the look is kept in.
COOKIES = {"theme": "theme", "density": "density", "language": settings.LANGUAGE_COOKIE_NAME}


@require_http_methods(["GET", "HEAD", "POST"])
@may_be_fetched_ahead
@never_cache
async def page(request: HttpRequest) -> HttpResponse:
    return await sync_to_async(_page)(request, gateway().models())


def _page(request: HttpRequest, models: list[ModelEntry]) -> HttpResponse:
    user = ensure_guest(request)
    known = preferences.of(user.pk)
    kept = {name: request.COOKIES.get(cookie, "") for name, cookie in COOKIES.items()}
    look = LookForm(_given(request, "look"), initial=kept)
    chat = ChatForm(
        _given(request, "chat"), models=models, initial=_initial(preferences.shape(known), models)
    )
    if look.is_bound and look.is_valid():
        with override(look.cleaned_data["language"] or get_language()):
            messages.success(request, _("Kept in this browser."))
        return _with_look(redirect("settings"), look.cleaned_data)
    if chat.is_bound and chat.is_valid():
        preferences.change(user.pk, **chat.cleaned_data)
        messages.success(request, _("Kept."))
        return redirect("settings")
    status = 422 if look.errors or chat.errors else 200
    return render(request, "settings/page.html", {"look": look, "chat": chat}, status=status)


def _given(request: HttpRequest, form: str) -> Any:
    return request.POST if request.method == "POST" and request.POST.get("form") == form else None


def _initial(kept: dict[str, Any], models: list[ModelEntry]) -> dict[str, Any]:
    """A model that is no longer offered is not chosen any more."""
    offered = {entry.model.name for entry in models if entry.configured}
    return kept if kept["model"] in offered else {**kept, "model": "auto"}


def _with_look(response: HttpResponse, look: dict[str, str]) -> HttpResponse:
    """`static/js/controllers/theme.js` reads the theme too: no HttpOnly, and nothing of anybody in them."""
    for name, cookie in COOKIES.items():
        if look[name]:
            response.set_cookie(
                cookie, look[name], max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        else:
            response.delete_cookie(cookie, samesite="Lax")
    return response


@require_POST
async def take_file(request: HttpRequest) -> HttpResponse:
    """Conversations that were exported as JSON; the answer is said on the settings page."""
    user = await sync_to_async(ensure_guest)(request)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise importing.BadFile(_("Choose a file first."))
        told = await sync_to_async(lambda: importing.read(file.read(importing.MOST_BYTES + 1)))()
    except importing.BadFile as bad:
        messages.error(request, _("Nothing was imported. %(why)s") % {"why": bad.message})
        return redirect("settings")
    pinned = await in_database(conversations.pinned, user.pk)
    count = await importing.store(user.pk, told, in_database, pinned)
    said = ngettext("%(count)d conversation imported.", "%(count)d conversations imported.", count)
    messages.success(request, said % {"count": count})
    return redirect("settings")
