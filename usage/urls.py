"""The URLs of quotas."""

from django.urls import path

from usage import views

urlpatterns = [path("api/usage", views.usage, name="api_usage")]
