"""An ASGI wrapper that refuses a body past a size before it is stored.

Django reads the whole body to disk before any view or middleware runs, and its own limits look only
afterwards: without this, anybody could fill the disk.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]  # ASGI; Django's own types are narrower

ANSWER = json.dumps(
    {"error": {"code": "too_large", "message": "The request is larger than this server takes."}}
).encode()


class BodyTooLarge(Exception):
    """More bytes came than the limit; caught here, before Django has answered anything."""


class BodyLimit:
    """`most` bytes, but where a path begins as one of `elsewhere` says."""

    def __init__(self, app: App, most: int, elsewhere: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.most = most
        self.elsewhere = elsewhere or {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = next((m for path, m in self.elsewhere.items() if scope["path"].startswith(path)), self.most)
        if _declared_length(scope) > most:
            await _refuse(send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:  # a chunked body declares no length
                raise BodyTooLarge
            return message

        try:
            await self.app(scope, counted, send)
        except BodyTooLarge:
            await _refuse(send)


def _declared_length(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(ANSWER)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})
