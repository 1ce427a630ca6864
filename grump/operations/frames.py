"""What a socket sends goes straight to the server."""

from collections.abc import Callable, MutableMapping
from typing import Any

from grump.lib.leaving import App

_SEND = "grump.send"


def sent_straight(around: Callable[[App], App], inner: App) -> App:
    """`inner` within `around`, which sees who comes in, and nothing of what goes out. Channels looks at each
    frame, through two proxies, for a session to be saved, which only an answer over HTTP can bring about: a
    thirtieth of the CPU time of a process that streams."""

    async def innermost(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await inner(scope, receive, scope[_SEND])

    surrounded = around(innermost)

    async def outermost(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await surrounded({**scope, _SEND: send}, receive, send)

    return outermost
