"""How lines of code begin, counted over packages under MIT, BSD, PSF and Apache licences.

JavaScript was tried and left out: with what is installed here, half of what claimed 0.7 was wrong.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from chat.prediction.code import Lines, complete
from training.prediction.sources import share_of

LEAST = 12  # times that a beginning was seen
LONGEST = 60
_SITE = Path(next(path for path in sys.path if path.endswith("site-packages")))
_NODE = Path(__file__).resolve().parents[2] / "node_modules"
# Language → folder, patterns. No package under a copyleft licence is among them.
_WHERE: dict[str, list[tuple[Path, str]]] = {
    "python": [
        *((_SITE / name, "*.py") for name in ("django", "celery", "kombu", "channels", "numpy", "scipy")),
        *((_SITE / name, "*.py") for name in ("httpx", "_pytest", "redis", "allauth", "pip")),
    ],
    "html": [(_SITE / name, "*.html") for name in ("django", "allauth")],
    "css": [(_SITE / "django", "*.css"), (_NODE / "highlight.js", "*.css")],
}  # fmt: skip


def files() -> dict[str, list[Path]]:
    return {
        language: sorted({file for folder, pattern in where for file in folder.rglob(pattern)})
        for language, where in _WHERE.items()
    }


def lines_of(paths: Iterable[Path]) -> list[str]:
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="ignore")
        found += [line.strip()[:LONGEST] for line in text.splitlines() if 3 < len(line.strip()) < 200]
    return found


def count(lines: Iterable[str]) -> list[tuple[str, int]]:
    """Every beginning that was seen often, as long as the next letter leaves its number as it is."""
    seen: Counter[str] = Counter()
    for line, times in Counter(lines).items():
        if not line.isascii():
            continue
        for end in range(2, len(line) + 1):
            seen[line[:end]] += times
    often = {begun: times for begun, times in seen.items() if times >= LEAST}
    grown = {begun[:-1] for begun, times in often.items() if often.get(begun[:-1]) == times}
    return sorted((begun, times) for begun, times in often.items() if begun not in grown)


def use_of(path: Path) -> str:
    """Counted, calibrated on, or tested on: decided by the file's name."""
    share = share_of(path.parent.name + "/" + path.name)
    return "tested" if share < 0.2 else "calibrated" if share < 0.4 else "counted"


def calibrated(begun: list[tuple[str, int]], lines: list[str]) -> Lines:
    """How sure a share of at least 0.5, 0.6 … 0.9 is: measured at every place of lines that were not counted,
    and never falling as shares rise."""
    right, shown = [0.0] * 5, [0.0] * 5
    for step in range(5):
        only = Lines(begun, [float(place == step) for place in range(5)])
        for line in lines:
            for at in range(2, len(line)):
                for one in complete("```x\n" + line[:at], {"x": only}, 1.0):
                    shown[step] += 1
                    right[step] += line.startswith(one.text, at)
    sure: list[float] = []
    for good, all_of_them in zip(right, shown, strict=True):
        sure.append(max([*sure, round((good + 1) / (all_of_them + 4), 3)]))
    return Lines(begun, sure)
