"""How an answer was cut into numbered frames, written so small that it is stored with the answer.

A journal is a list with one entry a frame, in order: a positive number is that many characters of text,
a negative one of reasoning; the few frames that carry more are objects, `{"start": {…}}`, `{"retry": {…}}`,
`{"done": {…}}`, `{"error": {…}}`. With the stored text beside it, every frame can be sent again byte for
byte, whatever process asks and however late.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from chat import protocol

Entry = int | dict[str, Any]


def entry(frame: protocol.ServerFrame) -> Entry:
    """The journal's entry of one numbered frame."""
    match frame:
        case protocol.Delta(text=str(text)):
            return len(text)
        case protocol.Delta(reasoning=str(reasoning)):
            return -len(reasoning)
        case protocol.Start() | protocol.Retry() | protocol.Done() | protocol.Error():
            shape = protocol.as_dict(frame)
            name = shape.pop("type").removeprefix("chat.")
            del shape["generation_id"], shape["seq"]
            return {
                name: {key: str(value) if isinstance(value, UUID) else value for key, value in shape.items()}
            }
    raise ValueError(f"{type(frame).__name__} is not numbered")


def replay(
    generation_id: UUID, journal: list[Entry], text: str, reasoning: str, after: int = 0
) -> Iterator[protocol.ServerFrame]:
    """The frames numbered after `after`, as they were first sent."""
    at_text = at_reasoning = 0
    for seq, item in enumerate(journal, start=1):
        frame: protocol.ServerFrame
        number: dict[str, Any] = {"generation_id": generation_id, "seq": seq}
        if isinstance(item, dict):
            (name, shape) = next(iter(item.items()))
            frame = _LARGE[name](
                **number, **{_ATTRIBUTES.get(key, key): value for key, value in shape.items()}
            )
        elif item > 0:
            frame = protocol.Delta(**number, text=text[at_text : at_text + item])
            at_text += item
        else:
            frame = protocol.Delta(**number, reasoning=reasoning[at_reasoning : at_reasoning - item])
            at_reasoning -= item
        if seq > after:
            yield frame


def ended(journal: list[Entry]) -> bool:
    last = journal[-1] if journal else None
    return isinstance(last, dict) and ("done" in last or "error" in last)


_LARGE: dict[str, Any] = {
    "start": protocol.Start,
    "retry": protocol.Retry,
    "done": protocol.Done,
    "error": protocol.Error,
}
_ATTRIBUTES = {"from": "from_"}
