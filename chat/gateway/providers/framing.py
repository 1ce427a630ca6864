"""What a framing is: bytes in, whole messages out, however the bytes were cut."""

from typing import Protocol

#: The name of an event (empty where the framing has none) and its payload.
Frame = tuple[str, bytes]

#: Bytes of one event. A picture or a long tool call fits; a server gone mad does not fill the memory.
EVENT_LIMIT = 4 * 1024 * 1024


class Framing(Protocol):
    broken: str

    def feed(self, chunk: bytes) -> list[Frame]: ...

    def end(self) -> list[Frame]: ...
