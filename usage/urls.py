"""The URLs of quotas."""

from django.urls import path

from usage import key_pages, views

urlpatterns = [
    path("api/usage", views.usage, name="api_usage"),
    path("usage/export.csv", views.export, name="usage_export"),
    path("usage/keys/", key_pages.page, name="keys"),
    path("usage/keys/<uuid:key_id>/rotate", key_pages.rotate, name="key_rotate"),
    path("usage/keys/<uuid:key_id>/revoke", key_pages.revoke, name="key_revoke"),
    path("usage/keys/<uuid:key_id>/restore", key_pages.restore, name="key_restore"),
    path("upgrade/", views.upgrade, name="upgrade"),
]
