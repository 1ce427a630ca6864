"""The PWA's documents at root scope: manifest, service worker, offline page."""

import json

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from grump.pwa import assets

# The first colour of the light paper (static/css/tokens.css).
PAPER = "#faf8f5"
SHELL = ("app.css", "shell.js", "chat.js", "icons/icon.svg")


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """https://www.w3.org/TR/appmanifest/"""
    icons = [
        _icon("icon-192.png", "192x192", "any"),
        _icon("icon-512.png", "512x512", "any"),
        _icon("maskable-512.png", "512x512", "maskable"),
        {"src": assets.asset("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
    ]
    document = {
        "id": "/",
        "name": "G-Rump",
        "short_name": "G-Rump",
        "description": _("An AI chat that always answers, at once, at the lowest price that does the job."),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "categories": ["productivity", "utilities"],
        "icons": icons,
        "shortcuts": [{"name": _("New chat"), "url": "/", "icons": [icons[0]]}],
    }
    return JsonResponse(document, content_type="application/manifest+json")


def _icon(name: str, sizes: str, purpose: str) -> dict[str, str]:
    return {"src": assets.asset(f"icons/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker, with the list of this build's files above it: a new build is a new worker."""
    shell = {
        "version": assets.manifest()["version"],
        "files": sorted({url for name in SHELL for url in (assets.asset(name), *assets.chunks(name))}),
        "offline": reverse("offline"),
    }
    text = f"self.SHELL = {json.dumps(shell)};\n{assets.read('service_worker.js')}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=3600)
def offline(request: HttpRequest) -> HttpResponse:
    """Kept by the service worker for everybody: it must not know who asks."""
    return render(None, "offline.html")


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    """For those who ask for it without reading the page."""
    return HttpResponseRedirect(assets.asset("icons/icon-192.png"))
