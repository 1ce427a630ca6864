"""What was chosen of older messages, written as one message: in order, with speaker and time. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

Ranges = tuple[tuple[int, int], ...]  # of characters, in order, apart from each other

OPENING = "[From earlier in this conversation, shortened for room; … stands for what is left out]"
GAP = " … "
SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool"}


class Line(Protocol):
    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> datetime | None: ...


def merged(spans: Sequence[tuple[int, int]]) -> Ranges:
    """Without those that touch."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def rendered(lines: Sequence[Line], chosen: Mapping[int, Ranges]) -> str:
    """Empty where nothing was chosen."""
    if not chosen:
        return ""
    written = [OPENING]
    day: date | None = None
    for place in sorted(chosen):
        line = lines[place]
        written.append(f"{stamp(line, day)}{excerpt(line.text, chosen[place])}")
        day = line.at.date() if line.at else day
    return "\n".join(written)


def stamp(line: Line, day: date | None = None) -> str:
    """Who said it, and when: with the day where it is not `day`."""
    speaker, at = SPEAKERS.get(line.role, line.role), line.at
    if at is None:
        return f"{speaker}: "
    # Put together by hand: strftime takes longer than all the rest.
    clock = f"{at.hour:02}:{at.minute:02}"
    return f"[{clock}] {speaker}: " if at.date() == day else f"[{at.date().isoformat()} {clock}] {speaker}: "


def excerpt(text: str, ranges: Ranges) -> str:
    """The ranges with a sign for each gap."""
    if not ranges:
        return ""
    pieces = [text[start:end] for start, end in ranges]
    first, last = ranges[0][0], ranges[-1][1]
    begins = "… " if first and text[:first].strip() else ""
    ends = " …" if last < len(text) and text[last:].strip() else ""
    return begins + GAP.join(pieces) + ends
