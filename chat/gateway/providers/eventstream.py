"""Amazon's binary event stream (application/vnd.amazon.eventstream), as Smithy specifies it.

A message is `total length (4) | headers length (4) | CRC of those (4) | headers | payload | CRC of all
before (4)`, numbers big-endian. A message's name is its event type, or the type of its exception.
"""

import struct
from zlib import crc32

import orjson

from chat.gateway.providers.framing import EVENT_LIMIT, Frame

_PRELUDE = struct.Struct(">III")
_SHORT = struct.Struct(">H")
_CRC = 4
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # bytes of a header's value by its type
_BYTES, _STRING = 6, 7


class EventStreamFraming:
    """`broken` says in words why the bytes cannot be messages; nothing follows then."""

    __slots__ = ("_buffer", "_limit", "broken")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self.broken = ""
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[Frame]:
        frames: list[Frame] = []
        if self.broken:
            return frames
        self._buffer += chunk
        while len(self._buffer) >= _PRELUDE.size:
            total, headers, check = _PRELUDE.unpack_from(self._buffer)
            if crc32(self._buffer[: _PRELUDE.size - _CRC]) != check:
                self.broken = "a message whose beginning does not add up"
                break
            if total > self._limit or total < _PRELUDE.size + headers + _CRC:
                self.broken = "a message of an impossible length"
                break
            if len(self._buffer) < total:
                break
            message = bytes(self._buffer[:total])
            if crc32(message[:-_CRC]) != int.from_bytes(message[-_CRC:], "big"):
                self.broken = "a message that does not add up"
                break
            del self._buffer[:total]
            body = _PRELUDE.size + headers
            try:
                frames.append(_frame(_headers(message[_PRELUDE.size : body]), message[body:-_CRC]))
            except (struct.error, IndexError, KeyError, UnicodeDecodeError):
                self.broken = "a message with unreadable headers"
                break
        return frames

    def end(self) -> list[Frame]:
        return []  # an unfinished message is nothing


def _frame(headers: dict[str, str], payload: bytes) -> Frame:
    kind = headers.get(":message-type", "event")
    if kind == "error":
        said = {"message": headers.get(":error-message", "")}
        return headers.get(":error-code") or "error", orjson.dumps(said)
    return headers.get(f":{kind}-type", ""), payload or b"{}"


def _headers(block: bytes) -> dict[str, str]:
    """The headers whose value is a string; others are stepped over."""
    found: dict[str, str] = {}
    at = 0
    while at < len(block):
        name_end = at + 1 + block[at]
        name, kind = block[at + 1 : name_end].decode(), block[name_end]
        at = name_end + 1
        if kind in (_BYTES, _STRING):
            (size,) = _SHORT.unpack_from(block, at)
            at += _SHORT.size
            if kind == _STRING:
                found[name] = block[at : at + size].decode()
            at += size
        else:
            at += _FIXED[kind]
    return found
