"""Server-sent events, decoded piece by piece (WHATWG HTML, 9.2.6 "Interpreting an event stream").

Lines end in LF, CRLF or CR, and a read may end anywhere, even between the two bytes of a CRLF. Comments
(`: keep-alive`) and unknown fields are dropped here, so that nobody above takes them for an answer.
"""

from chat.gateway.providers.framing import EVENT_LIMIT, Frame

_BOM = b"\xef\xbb\xbf"
_LF = 0x0A


class SseFraming:
    """One stream's state. `broken` says in words why the bytes cannot be events; nothing follows then."""

    __slots__ = ("_after_cr", "_data", "_limit", "_name", "_size", "_tail", "_tail_size", "broken")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self.broken = ""
        self._limit = limit
        self._tail: list[bytes] = []  # pieces of a line whose end has not come yet
        self._tail_size = 0
        self._data: list[bytes] = []  # the data lines of the event that is being read
        self._size = 0  # their bytes
        self._name = ""
        self._after_cr = False  # the last read ended in CR: an LF at the start of the next belongs to it

    def feed(self, chunk: bytes) -> list[Frame]:
        if self.broken or not chunk:
            return []
        if self._after_cr:
            self._after_cr = False
            if chunk[0] == _LF:
                chunk = chunk[1:]
        if (
            chunk.startswith(b"data: ")
            and chunk.find(b"\n") == len(chunk) - 2
            and chunk.endswith(b"\n\n")
            and not (self._tail or self._data or self._name or b"\r" in chunk)
            and len(chunk) <= self._limit
        ):  # a token that came alone, the case to be quick in: one whole event a read
            return [("", chunk[6:-2])]
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            # Kept apart and joined once: adding to one buffer would copy a long line at every read.
            self._tail.append(chunk)
            self._tail_size += len(chunk)
            self._bound(self._tail_size)
            return []
        if self._tail:
            self._tail.append(chunk)
            chunk = b"".join(self._tail)
            self._tail.clear()
        lines = chunk.split(b"\n")
        rest = lines.pop()
        frames = self._lines(lines)
        self._tail_size = len(rest)
        if rest:
            self._tail.append(rest)
            self._bound(self._tail_size)
        return frames

    def end(self) -> list[Frame]:
        """The event that no blank line closed. The specification drops it; servers that forget the last
        newline do not mean that, and a piece of JSON cannot be taken for a whole one."""
        if self.broken:
            return []
        line = b"".join(self._tail)
        self._tail.clear()
        return self._lines([line, b""] if line else [b""])

    def _lines(self, lines: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        data = self._data
        for line in lines:
            if len(line) + self._size > self._limit:
                self._bound(len(line))
                break
            if line.startswith(b"data: "):
                data.append(line[6:])
                self._size += len(line)
            elif line:
                self._field(line)
            else:
                if data:
                    frames.append((self._name, data[0] if len(data) == 1 else b"\n".join(data)))
                    data.clear()
                    self._size = 0
                self._name = ""
        return frames

    def _field(self, line: bytes) -> None:
        name, _, value = line.removeprefix(_BOM).partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(line)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")

    def _bound(self, size: int) -> None:
        if size + self._size > self._limit:
            self.broken = "an event without an end"
