"""`/settings/prompts/`: one's prompts, as plain forms; `GET /api/prompts`, what a `/` in the box offers."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import prompts
from chat.history import NotFound
from grump.accounts.guests import ensure_guest


class PromptForm(forms.Form):
    name = forms.CharField(max_length=prompts.NAME_MOST, label=gettext_lazy("Name"))
    text = forms.CharField(
        max_length=prompts.TEXT_MOST,
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    own = prompts.of(request.user.pk) if request.user.pk else []
    return JsonResponse(
        {
            "prompts": [{"id": str(one.id), "name": one.name, "text": one.text} for one in own],
            "built_in": [{"name": str(name), "text": str(text)} for name, text in prompts.BUILT_IN],
        }
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest, prompt_id: UUID | None = None) -> HttpResponse:
    """All of them, and a form: for a new one, or for the one that is being changed."""
    user = ensure_guest(request)
    try:
        changed = prompts.get(user.pk, prompt_id) if prompt_id else None
    except NotFound:
        raise Http404 from None
    initial = {"name": changed.name, "text": changed.text} if changed else None
    form = PromptForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            prompts.keep(user.pk, form.cleaned_data["name"], form.cleaned_data["text"], prompt_id)
        except prompts.TooManyPrompts:
            form.add_error(None, _("You keep as many prompts as anybody may. Delete one first."))
        else:
            messages.success(request, _("Kept."))
            return redirect("prompts")
    shown = {"form": form, "changed": changed, "prompts": prompts.of(user.pk), "built_in": prompts.BUILT_IN}
    return render(request, "settings/prompts.html", shown, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, prompt_id: UUID) -> HttpResponse:
    try:
        prompts.remove(ensure_guest(request).pk, prompt_id)
    except NotFound:
        raise Http404 from None
    messages.success(request, _("Deleted."))
    return redirect("prompts")
