"""How a line of code goes on, inside an open code fence, by what lines of its language begin with. Pure.

The table holds beginnings of lines and how often each was seen, wherever that number changes: so the number
for any beginning is the largest among those that it begins, and the share of one continuation is a quotient.
How often a share of that size was right, in files that were not counted, is how sure the suggestion is.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat.prediction.suggest import Suggestion

LEAST_TYPED = 2
LEAST_LETTERS = 3
_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+#-]*)[^\n]*$", re.MULTILINE)
_NAMES = {"py": "python", "python3": "python", "htm": "html", "django": "html"}
_LAST = "\U0010ffff"


def language_of(text: str) -> str | None:
    """The language of the fence that is open at the end, as the table calls it; None outside of one."""
    fences = _FENCE.findall(text)
    if len(fences) % 2 == 0 or text.endswith("```"):
        return None
    name = fences[-1].lower()
    return _NAMES.get(name, name)


@dataclass(frozen=True, slots=True)
class Lines:
    """`begun` in order; `sure` is how often what had a share of at least 0.5, 0.6 … 0.9 was right."""

    begun: Sequence[tuple[str, int]]
    sure: Sequence[float]


def complete(text: str, known: Mapping[str, Lines], threshold: float) -> list[Suggestion]:
    language = language_of(text)
    lines = known.get(language) if language else None
    begun = text[text.rfind("\n") + 1 :].lstrip()
    if lines is None or len(begun) < LEAST_TYPED:
        return []
    start = bisect_left(lines.begun, (begun, 0))
    alike = lines.begun[start : bisect_left(lines.begun, (begun + _LAST, 0), start)]
    total = max((times for _, times in alike), default=0)
    best: Suggestion | None = None
    for line, times in alike:
        share = times / (total + 1)
        rest = line[len(begun) :]
        if share < 0.5 or len(rest) < LEAST_LETTERS or (best is not None and len(rest) <= len(best.text)):
            continue
        confidence = lines.sure[int(share * 10) - 5]
        if confidence >= threshold:
            best = Suggestion(rest, confidence, "code")
    return [best] if best else []
