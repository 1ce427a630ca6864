"""`/usage/keys/`: one's API keys. A secret is shown in the answer that made it, and never again:
`never_cache` keeps even the back button from it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from grump.accounts.guests import ensure_guest
from usage import keys
from usage.forms import KeyForm
from usage.models import ApiKey


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The keys; a POST makes one."""
    user = ensure_guest(request)
    form = KeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not user.is_guest and form.is_valid():
        try:
            key, secret = keys.make(user, form.cleaned_data["name"], **form.limits())
        except keys.TooManyKeys:
            form.add_error(None, _("You have as many keys as anybody may have. Revoke one first."))
        else:
            return _shown(request, KeyForm(), key, secret)
    return _shown(request, form)


@require_POST
@never_cache
def rotate(request: HttpRequest, key_id: UUID) -> HttpResponse:
    try:
        key, secret = keys.rotate(ensure_guest(request), key_id)
    except ApiKey.DoesNotExist:
        raise Http404 from None
    return _shown(request, KeyForm(), key, secret)


@require_POST
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    try:
        keys.revoke(ensure_guest(request), key_id)
    except ApiKey.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The key does not work any more. For ten minutes you can bring it back."))
    return redirect("keys")


@require_POST
def restore(request: HttpRequest, key_id: UUID) -> HttpResponse:
    try:
        keys.restore(ensure_guest(request), key_id)
    except ApiKey.DoesNotExist:
        messages.error(request, _("It is too late to bring this key back. Make a new one."))
    else:
        messages.success(request, _("The key works again."))
    return redirect("keys")


def _shown(request: HttpRequest, form: KeyForm, made: ApiKey | None = None, secret: str = "") -> HttpResponse:
    user = ensure_guest(request)
    recently = timezone.now() - keys.RESTORABLE
    return render(
        request,
        "usage/keys.html",
        {
            "form": form,
            "made": made,
            "secret": secret,
            "keys": keys.of(user).filter(revoked_at=None),
            "revoked": keys.of(user).filter(revoked_at__gt=recently),
            "base_url": request.build_absolute_uri("/v1"),
        },
        status=422 if form.errors else 200,
    )
