"""What operators and their probes ask."""

from django.urls import path

from grump.operations import views

urlpatterns = [
    path("api/health", views.overview, name="health"),
    path("api/health/live", views.live, name="health_live"),
    path("api/health/ready", views.ready, name="health_ready"),
    path("metrics", views.metrics, name="metrics"),
]
