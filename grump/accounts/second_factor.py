"""STAFF_SECOND_FACTOR: staff see what is everybody's, so that a password alone may be too little for them."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

APP, PASSKEY = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN


def step_before(request: HttpRequest) -> str | None:
    """Where somebody of the staff has to go before a page of the admin answers; None if nowhere.

    That a second factor exists is not enough: a session that began with a password alone, an intruder's
    perhaps, is not let in because the owner sets one up later. It must have shown one that still exists.
    """
    if not settings.STAFF_SECOND_FACTOR:
        return None
    user: Any = request.user
    factors = dict(Authenticator.objects.filter(user_id=user.pk).values_list("pk", "type"))
    if not {APP, PASSKEY} & set(factors.values()):
        messages.warning(
            request,
            _("Administration needs a second factor: set up an authenticator app or a passkey, then return."),
        )
        return reverse("mfa_index")
    shown = get_authentication_records(request, user)
    if any(record.get("method") == "mfa" and record.get("id") in factors for record in shown):
        return None
    door = "mfa_reauthenticate" if APP in factors.values() else "mfa_reauthenticate_webauthn"
    return reverse(door, query={"next": request.get_full_path()})
