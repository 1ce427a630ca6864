"""The PWA's documents at root scope: manifest, service worker, and two pages for when the server is away."""

import hashlib
import json
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from grump.pwa import assets

# The first colour of the light paper (static/css/tokens.css).
PAPER = "#faf8f5"
# What the chat page begins with, of nobody: the script puts what this device has noted in its place.
NOBODY = {
    "boot": {
        "user": None,
        "conversation": None,
        "models": [],
        "flags": {},
        "preferences": {
            "send_key": "enter",
            "prediction": True,
            "follow_ups": True,
            "model": "auto",
            "preference": 0.5,
        },
    },
    "shell": True,
}
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
        "shortcuts": [
            {"name": _("New chat"), "url": "/", "icons": [icons[0]]},
            {"name": _("Usage"), "url": "/usage/", "icons": [icons[0]]},
        ],
        "screenshots": [
            _screenshot(
                "wide", "1440x980", _("An answer with its receipt, beside the list of conversations")
            ),
            _screenshot("narrow", "390x844", _("An answer with its receipt, on a phone")),
        ],
        "share_target": {
            "action": reverse("share"),
            "method": "GET",
            "enctype": "application/x-www-form-urlencoded",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
    }
    return JsonResponse(document, content_type="application/manifest+json")


def _icon(name: str, sizes: str, purpose: str) -> dict[str, str]:
    return {"src": assets.asset(f"icons/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}


def _screenshot(name: str, sizes: str, label: str) -> dict[str, str]:
    """`name` is the form factor as well: `wide` or `narrow`."""
    src = assets.asset(f"screenshots/{name}.png")
    return {"src": src, "sizes": sizes, "type": "image/png", "form_factor": name, "label": label}


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker, with the list of this build's files above it: a new build is a new worker."""
    first = (url for name in SHELL for url in (assets.asset(name), *assets.chunks(name)))
    shell = {
        "version": _version(assets.manifest()["version"], get_language()),
        "files": sorted({*first, *assets.words(get_language()), *assets.later()}),
        "app": reverse("offline"),
        "elsewhere": reverse("elsewhere"),
    }
    text = f"self.SHELL = {json.dumps(shell)};\n{assets.read('service_worker.js')}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=32)
def _version(files: str, language: str | None) -> str:
    """Of the files and of the pages: a word changed in a template is a new version as well."""
    pages = "".join(render_to_string(name, NOBODY) for name in ("pwa/app.html", "pwa/elsewhere.html"))
    return hashlib.sha256(f"{files}{pages}".encode()).hexdigest()[:12]


@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """The chat, kept by the service worker for everybody: it must not know who asks."""
    return render(None, "pwa/app.html", NOBODY)


@require_safe
@cache_control(no_cache=True)
def elsewhere(request: HttpRequest) -> HttpResponse:
    """In place of every other page; likewise nobody's."""
    return render(None, "pwa/elsewhere.html", NOBODY)


@require_safe
def share(request: HttpRequest) -> HttpResponse:
    """Without the service worker, which answers this one itself, what was shared still reaches the box."""
    return HttpResponseRedirect(f"/#{request.GET.urlencode()}")


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    """For those who ask for it without reading the page."""
    return HttpResponseRedirect(assets.asset("icons/icon-192.png"))
