"""The admin's front door is the product's own: one log-in page, one second factor, one log-out."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse

from grump.accounts.revocation import close_sockets


class GrumpAdminSite(AdminSite):
    site_header = "G-Rump"
    site_title = "G-Rump"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return secure_admin_login(super().login)(request, extra_context)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        user_id = request.user.pk
        response: HttpResponse = super().logout(request, extra_context)
        if user_id is not None and not request.user.is_authenticated:
            close_sockets(user_id)
        return response
