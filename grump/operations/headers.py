"""Headers that every response carries and Django does not set by itself."""

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

# Passkeys and "copy" are used by the product; everything else is refused, to embedded code as well.
PERMISSIONS = {
    "publickey-credentials-get": "(self)",
    "publickey-credentials-create": "(self)",
    "clipboard-write": "(self)",
} | dict.fromkeys(
    (
        "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture",
        "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "magnetometer", "microphone",
        "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    ),
    "()",
)  # fmt: skip

HEADERS = {
    "Permissions-Policy": ", ".join(f"{name}={allowed}" for name, allowed in sorted(PERMISSIONS.items())),
    "Cross-Origin-Resource-Policy": "same-origin",
    # Pages show one person's things: no shared cache keeps them, and the next person at the machine
    # must ask again. `no-store` would forbid it all, but costs the back/forward cache.
    "Cache-Control": "private, no-cache",
}


class HeadersMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self._later(request) if self.is_async else _with_headers(self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _with_headers(await self.get_response(request))


def _with_headers(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
