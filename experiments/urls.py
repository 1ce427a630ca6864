"""The experiments' URLs; staff's pages are the admin's (experiments/admin.py)."""

from django.urls import path

from experiments import views

urlpatterns = [path("variant/<str:token>/", views.forced_variant, name="forced_variant")]
