"""Every URL of the product."""

from django.contrib import admin
from django.urls import include, path

from chat.operators import dashboard, looking_ahead, providers
from usage.operators import usage_overview

handler400 = "grump.operations.errors.bad_request"
handler403 = "grump.operations.errors.forbidden"
handler404 = "grump.operations.errors.not_found"
handler500 = "grump.operations.errors.broken"

urlpatterns = [
    path("admin/looking-ahead/", admin.site.admin_view(looking_ahead), name="looking-ahead"),
    path("admin/providers/", admin.site.admin_view(providers), name="providers"),
    path("admin/usage-overview/", admin.site.admin_view(usage_overview), name="usage_overview"),
    path("admin/", admin.site.admin_view(dashboard), name="operations"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("grump.operations.urls")),
    path("", include("grump.pwa.urls")),
    path("v1/", include("chat.api.v1.urls")),
    path("", include("usage.urls")),
    path("", include("experiments.urls")),
    path("", include("chat.urls")),
]
