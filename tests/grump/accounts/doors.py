"""The accounts' own URLs with the smallest page that makes guests, so that no other part is needed."""

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from grump.accounts.guests import ensure_guest


def page(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": ensure_guest(request).pk})


urlpatterns = [
    path("", page),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
