"""The browser files as built: static/dist/manifest.json maps a source's name to its hashed file."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

MANIFEST = Path(settings.BASE_DIR) / "static" / "dist" / "manifest.json"


def manifest() -> dict[str, Any]:
    """`{"version": …, "assets": {"chat.js": {"file": "chat-ABCD1234.js", "imports": […]}}, "later": […]}`."""
    try:
        return _read(MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError:
        raise ImproperlyConfigured(
            "The browser assets are not built: run `npm ci && npm run build`."
        ) from None


@lru_cache(maxsize=1)
def _read(modified: int) -> dict[str, Any]:
    """`modified` is the key: a new build is seen by a running server."""
    return json.loads(MANIFEST.read_text())


def url(file: str) -> str:
    """The URL of one file in static/dist/. Its name holds its hash, so no second one is added."""
    return f"{settings.STATIC_URL}dist/{file}"


def asset(name: str) -> str:
    """The URL of what was built from `name`, as in `chat.js`, `app.css`, `icons/icon.svg`."""
    return url(_entry(name)["file"])


def chunks(name: str) -> list[str]:
    """The URLs of the chunks that `name` imports at once."""
    return [url(file) for file in _entry(name).get("imports", [])]


def later() -> list[str]:
    """The URLs of the page's own parts that come when they are first needed."""
    return [url(file) for file in manifest()["later"]]


def _entry(name: str) -> dict[str, Any]:
    try:
        return manifest()["assets"][name]
    except KeyError:
        raise ImproperlyConfigured(f"There is no browser asset {name!r}.") from None


def read(file: str) -> str:
    """The text of one file in static/dist/."""
    return (MANIFEST.parent / file).read_text()
