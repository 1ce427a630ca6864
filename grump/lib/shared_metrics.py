"""Where processes write what they measure, so that one of them can speak for all. Called before any module
that has a metric is imported."""

from pathlib import Path

from prometheus_client import values

from grump.lib.slots import Slots

slots: Slots | None = None  # None: this process speaks for itself alone


def share(folder: str) -> None:
    """Have every metric that is made from now on written where other processes can read it; empty: not."""
    global slots
    if folder and slots is None:
        slots = Slots(Path(folder))
        values.ValueClass = values.MultiProcessValue(slots.mine)  # type: ignore[no-untyped-call]
