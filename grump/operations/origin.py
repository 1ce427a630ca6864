"""A socket is opened by a page of its very address, or by one of `CSRF_TRUSTED_ORIGINS`, as a form is.

Channels' own check knows hosts without their ports, and cookies know no ports either: on one machine the page
of any other program would be let in, and under `ALLOWED_HOSTS=.example.org` that of any other subdomain.
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from django.conf import settings
from django.utils.http import is_same_domain

from grump.lib.leaving import App

USUAL_PORTS = {"http": ":80", "https": ":443"}


class SameOrigin:
    """Around the sockets. The hosts that there may be are Channels' to check: of a page whose name somebody
    points at this machine, `Origin` and `Host` agree."""

    def __init__(self, application: App) -> None:
        self._known = AllowedHostsOriginValidator(application)
        self._denied = WebsocketDenier()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        origin, host = (headers.get(name, b"").decode("latin1") for name in (b"origin", b"host"))
        if is_same(origin, host):
            await self._known(scope, receive, send)
        elif is_trusted(origin, settings.CSRF_TRUSTED_ORIGINS):
            await self._known.application(scope, receive, send)
        else:
            await self._denied(scope, receive, send)


def is_same(origin: str, host: str) -> bool:
    """`origin` as a browser writes it, scheme and all; `host` as in the header of that name."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    usual = USUAL_PORTS.get(parts.scheme)
    return bool(usual and host) and parts.netloc.lower() == host.lower().removesuffix(usual or "")


def is_trusted(origin: str, trusted: Collection[str]) -> bool:
    """Also one that a pattern means, as Django has them: `https://*.example.org`."""
    scheme, _, host = origin.partition("://")
    patterns = (one.partition("://") for one in trusted if "*" in one)
    return origin in trusted or any(
        scheme == wanted and is_same_domain(host, pattern.removeprefix("*"))
        for wanted, _, pattern in patterns
    )
