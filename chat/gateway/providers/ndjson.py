"""Newline-delimited JSON: one object a line (Ollama)."""

from chat.gateway.providers.framing import EVENT_LIMIT, Frame


class NdjsonFraming:
    """`broken` says in words why the bytes cannot be lines; nothing follows then."""

    __slots__ = ("_limit", "_size", "_tail", "broken")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self.broken = ""
        self._limit = limit
        self._tail: list[bytes] = []  # pieces of the line whose end has not come yet
        self._size = 0

    def feed(self, chunk: bytes) -> list[Frame]:
        if self.broken:
            return []
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if lines and self._tail:
            lines[0] = b"".join((*self._tail, lines[0]))
            self._tail.clear()
            self._size = 0
        frames: list[Frame] = []
        for line in lines:
            if len(line) > self._limit:
                self.broken = "a line without an end"
                return frames
            frames.append(("", line.strip()))
        if rest:
            self._tail.append(rest)
            self._size += len(rest)
        if self._size > self._limit:
            self.broken = "a line without an end"
        return frames

    def end(self) -> list[Frame]:
        line = b"".join(self._tail).strip()
        self._tail.clear()
        return [("", line)] if line and not self.broken else []
