"""The PWA's URLs, at the root: a service worker rules only what lies under its own path."""

from django.urls import path

from grump.pwa import views

urlpatterns = [
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("service-worker.js", views.service_worker, name="service_worker"),
    path("offline/", views.offline, name="offline"),
    path("offline/elsewhere/", views.elsewhere, name="elsewhere"),
    path("share/", views.share, name="share"),
    path("favicon.ico", views.favicon, name="favicon"),
]
