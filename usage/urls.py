"""The URLs of quotas."""

from django.urls import path

from usage import views

urlpatterns = [
    path("api/usage", views.usage, name="api_usage"),
    path("usage/export.csv", views.export, name="usage_export"),
    path("upgrade/", views.upgrade, name="upgrade"),
]
