"""The batcher between a stream and its frames: fewer, larger pieces of text that nobody waits for.

The first text goes out at once. Text that follows within `window` seconds is gathered, and goes out
when the window ends or `most` pieces have come. A slow stream is therefore never delayed, and a fast one
costs about 1 / window frames a second. Order is kept: whatever else comes first lets the text out.
"""

import asyncio
from collections.abc import Callable

from chat.gateway.events import Event, Reasoning, Text

# Seconds; a little less than what providers/http.py gathers, so that what comes gathered is not held again.
WINDOW = 0.045


class Batcher:
    """Push-style: `push()` every event, `close()` at the end. `emit` gets events as whole as possible; text
    and reasoning are never mixed in one. Must be used on a running event loop."""

    __slots__ = ("_emit", "_kind", "_loop", "_most", "_pending", "_timer", "_window")

    def __init__(self, emit: Callable[[Event], object], *, window: float = WINDOW, most: int = 10) -> None:
        self._emit = emit
        self._window = window
        self._most = most
        self._pending: list[Text | Reasoning] = []
        self._kind: type = Text  # of all that is pending
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None  # set while a window is open

    def push(self, event: Event) -> None:
        kind = event.__class__
        if kind is not Text and kind is not Reasoning:
            self.flush()
            self._emit(event)
            return
        pending = self._pending
        if pending and kind is not self._kind:
            self.flush()
        self._kind = kind
        pending.append(event)  # type: ignore[arg-type]  # narrowed above, by class and not by isinstance
        if self._timer is None:
            self._timer = self._loop.call_later(self._window, self._window_ends)
            self.flush()
        elif len(pending) >= self._most:
            self.flush()

    def flush(self) -> None:
        """Let out what is pending."""
        pending = self._pending
        if not pending:
            return
        whole = pending[0] if len(pending) == 1 else self._kind("".join([piece.text for piece in pending]))
        pending.clear()
        self._emit(whole)

    def close(self) -> None:
        """Let out what is pending and stop the clock. Nothing may be pushed afterwards."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.flush()

    def _window_ends(self) -> None:
        if self._pending:
            self._timer = self._loop.call_later(self._window, self._window_ends)
            self.flush()
        else:
            self._timer = None  # silence: the next text goes out at once again
