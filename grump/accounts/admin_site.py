"""The admin's front door is the product's own: one log-in page, one second factor, one log-out."""

from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from grump.accounts.revocation import close_sockets
from grump.accounts.second_factor import step_before
from grump.audit.staff import Audited


class GrumpAdminSite(AdminSite):
    site_header = "G-Rump"
    site_title = "G-Rump"
    index_title = "Administration"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Every page, a library's too, writes into the audit log what is changed on it."""
        given = admin_class or ModelAdmin
        bases = (given,) if issubclass(given, Audited) else (Audited, given)
        super().register(
            model_or_iterable, type(given.__name__, bases, {"__module__": given.__module__}), **options
        )

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Around every page below /admin/, those of other modules too. Staff may always log out."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            step = None if view == self.logout else step_before(request)
            return redirect(step) if step else view(request, *args, **kwargs)

        return super().admin_view(guarded, cacheable)

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return secure_admin_login(super().login)(request, extra_context)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        user_id = request.user.pk
        response: HttpResponse = super().logout(request, extra_context)
        if user_id is not None and not request.user.is_authenticated:
            close_sockets(user_id)
        return response
