"""Where allauth's flows meet guests and open sockets."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from grump.accounts import guests
from grump.accounts.middleware import hidden_guest
from grump.accounts.models import User
from grump.accounts.revocation import close_sockets


class AccountAdapter(DefaultAccountAdapter):
    def new_user(self, request: HttpRequest) -> User:
        """The visitor's own guest row: what they wrote before signing up is theirs already."""
        guest = hidden_guest(request)
        return User.objects.filter(pk=guest.pk, is_guest=True).first() or User() if guest else User()

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        with transaction.atomic():
            if user.is_guest and not guests.claim(user):
                user = User()
            return super().save_user(request, user, form, commit)

    def login(self, request: HttpRequest, user: Any) -> None:
        """The last step of every log-in, past the second factor."""
        guest = hidden_guest(request)
        guest_id = guest.pk if guest else None
        if guest_id is not None:
            guests.leave_session(request.session)
        super().login(request, user)
        if guest_id not in (None, user.pk):
            guests.merge(guest_id, user)

    def logout(self, request: HttpRequest) -> None:
        user_id = request.user.pk
        super().logout(request)
        if user_id is not None:
            close_sockets(user_id)
