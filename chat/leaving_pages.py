"""What a person may do with all that is known about them: take it along, say whether it may train models, and
have it gone."""

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grump.accounts import portrait
from grump.accounts.guests import ensure_guest
from grump.accounts.leaving import erase
from grump.accounts.models import User
from grump.audit.log import record
from grump.lib.pace import Pace

_portraits = Pace(5, 3600.0)
_tries = Pace(5, 300.0)  # a session alone must not try passwords out


@require_safe
@never_cache
def about_me(request: HttpRequest) -> HttpResponseBase:
    """Everything that is stored about the person, as one JSON document."""
    user = ensure_guest(request)
    if _portraits.wait(user.pk):
        messages.error(request, _("So many of these at once: wait a little."))
        return redirect("settings")
    # A list: a stream would read from a thread of its own for as long as the slowest reader reads.
    response = StreamingHttpResponse(list(portrait.export(user)), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="about-me.json"'
    return response


@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Their word, and in the audit log when it was given and taken back: whoever trains has to be able to
    show it."""
    user = ensure_guest(request)
    shares = request.POST.get("shares") == "on"
    with transaction.atomic():
        # Of two tabs that say the same, one changes something and is written down.
        if User.objects.filter(pk=user.pk, shares_for_training=not shares).update(shares_for_training=shares):
            action = "agreed to training" if shares else "no longer agrees to training"
            # By number alone: the entry outlives whoever leaves.
            record(
                None,
                action,
                user,
                changes={"shares_for_training": [not shares, shares]},
                note="by themselves",
            )
    messages.success(request, _("Kept."))
    return redirect("settings")


class LeavingForm(forms.Form):
    """Nothing brings a deleted account back: it is typed out, and, where there is a password, with it."""

    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    password = forms.CharField(
        max_length=200,
        required=False,
        strip=False,
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: object, user: User) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.user = user
        self.wanted = "guest" if user.is_guest else user.get_username()
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_name(self) -> str:
        if self.cleaned_data["name"].strip() != self.wanted:
            raise forms.ValidationError(_("This is not the name above."))
        return self.wanted

    def clean_password(self) -> str:
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(_("This is not your password."))
        return ""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    user = ensure_guest(request)
    form = LeavingForm(request.POST if request.method == "POST" else None, user=user)
    shown = {"form": form, "wanted": form.wanted, "superuser": user.is_superuser}
    if not form.is_bound or user.is_superuser:
        return render(request, "settings/leave.html", shown)
    if _tries.wait(user.pk):
        form.add_error(None, _("Too many tries: wait a few minutes."))
    if not form.is_valid():
        return render(request, "settings/leave.html", shown, status=422)
    erase(user, actor=user)
    logout(request)
    response = render(request, "settings/left.html")
    # What this browser remembers goes too; static/js/shell.js does the same where the header is not known.
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
