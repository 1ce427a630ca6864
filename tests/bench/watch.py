"""What a load client notes about one answer."""

import asyncio
import time
from dataclasses import dataclass, field


class Failed(Exception):
    """The answer ended with an error, or the connection did."""


@dataclass(slots=True, eq=False)
class Watch:
    """Readings of `time.monotonic()` in seconds. `frames` holds (arrival, tokens before, tokens after) for
    every read or frame that brought tokens."""

    prompt: str
    sent: float = field(default_factory=time.monotonic)
    tokens: int = 0
    frames: list[tuple[float, int, int]] = field(default_factory=list)
    begun: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    ended: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def saw(self, tokens: int) -> None:
        """`tokens` in all have arrived by now."""
        if tokens > self.tokens:
            self.frames.append((time.monotonic(), self.tokens, tokens))
            if not self.tokens:
                self.begun.set_result(None)
            self.tokens = tokens

    def finish(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(Failed(why))
            self.ended.exception()  # a stream that nobody waits for may fail without a complaint

    @property
    def first_token_ms(self) -> float:
        return (self.frames[0][0] - self.sent) * 1000

    def lateness_ms(self, started: float, per_second: float, since: float, until: float) -> list[float]:
        """How late the oldest token of each frame in the window came, against the provider's schedule that
        began at `started`. Not the gaps: a saturated relay keeps its gaps while it falls seconds behind."""
        return [
            (arrival - started - first / per_second) * 1000
            for arrival, first, _ in self.frames
            if since <= arrival < until
        ]
