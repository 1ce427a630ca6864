"""Lines drawn from numbers, as the points of an SVG. Pure."""

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 600.0, 120.0


def lines(values: Sequence[float | None], ceiling: float, *, logarithmic: bool = False) -> list[str]:
    """Points for `<polyline>`, a list a stretch without gaps, from the left to the right edge. `ceiling` is
    at the top, 0 (or a thousandth of the ceiling, where logarithmic) at the bottom."""
    step = WIDTH / max(len(values) - 1, 1)
    found: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            if found[-1]:
                found.append([])
            continue
        found[-1].append(f"{number * step:.1f},{height(value, ceiling, logarithmic=logarithmic):.1f}")
    # One point alone would not be seen.
    return [" ".join(points * 2 if len(points) == 1 else points) for points in found if points]


def height(value: float, ceiling: float, *, logarithmic: bool = False) -> float:
    """From the top edge down."""
    if ceiling <= 0:
        return HEIGHT
    share = value / ceiling
    if logarithmic:
        share = 1 + math.log10(max(share, 1e-3)) / 3
    return HEIGHT * (1 - min(max(share, 0.0), 1.0))
