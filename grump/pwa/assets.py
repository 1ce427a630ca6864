"""The browser files as built: static/dist/manifest.json maps a source's name to its hashed file."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
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


def words(language: str | None) -> list[str]:
    """The URLs of what scripts say in `language`; none for English, which they have with them."""
    name = f"words/{(language or '').partition('-')[0]}.js"
    return [asset(name), *chunks(name)] if name in manifest()["assets"] else []


def later() -> list[str]:
    """The URLs of the page's own parts that come when they are first needed."""
    return [url(file) for file in manifest()["later"]]


@dataclass(frozen=True, slots=True)
class Inlined:
    """A stylesheet to be written into a page, and by what its policy allows this one and no other."""

    text: str
    source: str


def inlined(name: str) -> Inlined:
    return _inlined(_entry(name)["file"])


@lru_cache(maxsize=4)
def _inlined(file: str) -> Inlined:
    """A file never changes: its name holds its hash."""
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", read(file)).strip()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inlined(text, f"'sha256-{digest}'")


def _entry(name: str) -> dict[str, Any]:
    try:
        return manifest()["assets"][name]
    except KeyError:
        raise ImproperlyConfigured(f"There is no browser asset {name!r}.") from None


def read(file: str) -> str:
    """The text of one file in static/dist/."""
    return (MANIFEST.parent / file).read_text()
