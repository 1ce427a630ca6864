"""On the pages of accounts and admin a guest is a visitor: somebody who may log in or sign up.

Everywhere else a guest is a user like any other. allauth and the admin know only "logged in" and
"not logged in", and would send a guest away from the log-in page as somebody who has logged in.
"""

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from grump.accounts.models import User

PATHS = ("/accounts/", "/admin/")


class GuestIsVisitorMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(PATHS):
            _hide_guest(request)
        return self.get_response(request)


def _hide_guest(request: HttpRequest) -> None:
    """Lazy throughout: the session is read only where a page asks who is there."""
    user, auser = request.user, request.auser

    async def visitor() -> Any:
        person = await auser()
        return AnonymousUser() if getattr(person, "is_guest", False) else person

    request.hidden_user = user  # type: ignore[attr-defined]
    request.user = SimpleLazyObject(lambda: AnonymousUser() if getattr(user, "is_guest", False) else user)  # type: ignore[assignment]
    request.auser = visitor


def hidden_guest(request: HttpRequest) -> User | None:
    """The guest that this visitor has been so far, if any."""
    user = getattr(request, "hidden_user", None)
    return user if getattr(user, "is_guest", False) else None
