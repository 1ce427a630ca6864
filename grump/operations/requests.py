"""Every request has an id, the proxy's if it sends one: in its answer and in all its log lines."""

import logging
import re
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

from grump.lib import context, tracing
from grump.lib.leaving import App
from grump.operations.programs import PREFIX

logger = logging.getLogger("grump.access")

HEADER = b"x-request-id"
_PLAIN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# Asked every few seconds by machines.
_QUIET = ("/api/health", "/metrics", "/static/")


class Identified:
    """An ASGI wrapper. A trace begins with us: a stranger's `traceparent` would decide how much we record."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        name = _given(scope) or f"req_{uuid.uuid4().hex}"
        with context.concerning(request_id=name):
            if scope["type"] != "http":
                await self.app(scope, receive, send)
                return
            await self._answer(scope, receive, send, name)

    async def _answer(self, scope: MutableMapping[str, Any], receive: Any, send: Any, name: str) -> None:
        begun = time.monotonic()
        status = 0

        async def named(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, name.encode())]
            await send(message)

        path = scope["path"]
        span = tracing.NOTHING
        if path.startswith(PREFIX):
            span = tracing.begin(
                f"{scope['method']} {PREFIX}", "server", {"http.request.method": scope["method"]}
            )
        with tracing.within(span):
            await self.app(scope, receive, named)
            span.set("http.response.status_code", status)
        if not path.startswith(_QUIET):
            took = (time.monotonic() - begun) * 1000
            logger.info("%s %s %d %.0f ms", scope["method"], path, status, took)


def _given(scope: MutableMapping[str, Any]) -> str:
    for name, value in scope.get("headers", ()):
        if name == HEADER and _PLAIN.fullmatch(value):
            return str(value.decode())
    return ""
