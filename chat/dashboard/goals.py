"""What the product promises, as numbers: each measure, how it is read from figures, and its goal. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from chat.totals import ANSWER_TIME, ANSWERS, FIRST_TOKEN
from figures.browser import BROWSER
from figures.cells import Figures
from figures.feedback import RATINGS
from figures.sampling import PROCESS

CACHE_KINDS = ("exact", "semantic", "joined")
CACHE_TIERS = ("l1", "l2", "l3")

Read = Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """`goal` is the most that is good, or the least where `more_is_better`; None: shown without one."""

    title: str
    unit: str
    goal: float | None
    read: Read
    more_is_better: bool = False
    digits: int = 0

    def met(self, value: float | None) -> bool | None:
        if value is None or self.goal is None:
            return None
        return value >= self.goal if self.more_is_better else value <= self.goal


@dataclass(frozen=True, slots=True)
class Group:
    """Measures of one kind of cells that are drawn in one picture."""

    name: str
    title: str
    kind: str
    measures: tuple[Measure, ...]
    logarithmic: bool = False
    note: str = ""


def quantile(sketch: str, share: float) -> Read:
    def read(figures: Figures) -> float | None:
        found = figures.sketches.get(sketch)
        return None if found is None else found.quantile(share)

    return read


def share(*parts: str, of: str, percent: float = 100.0) -> Read:
    def read(figures: Figures) -> float | None:
        whole = figures[of]
        return None if not whole else percent * sum(figures[part] for part in parts) / whole

    return read


def _times(sketch: str) -> tuple[Measure, ...]:
    goals = (("P50", 0.5, 100), ("P95", 0.95, 500), ("P99", 0.99, 2000))
    return tuple(Measure(title, "ms", goal, quantile(sketch, part)) for title, part, goal in goals)


def _at_p75(name: str, title: str, goal: float | None, unit: str = "ms", digits: int = 0) -> Measure:
    return Measure(title, unit, goal, quantile(name, 0.75), digits=digits)


GROUPS = (
    Group("first-token", "First token", ANSWERS, _times(FIRST_TOKEN), logarithmic=True),
    Group("answer-time", "Whole answer", ANSWERS, _times(ANSWER_TIME), logarithmic=True,
          note="Of answers that came to their end. A long one takes long: the goal is that of short ones."),
    Group("errors", "Errors", ANSWERS, (
        Measure("Failed or interrupted", "%", 0.1, share("failed", "interrupted", of="answers"), digits=2),
        Measure("Fell back to another model", "%", None, share("fell back", of="answers"), digits=2),
    )),
    Group("answers-kept", "Answers from before", ANSWERS, (
        *(Measure(kind.capitalize(), "%", None, share(f"cached {kind}", of="answers"), digits=1)
          for kind in CACHE_KINDS),
        Measure("All", "%", 90, share(*(f"cached {kind}" for kind in CACHE_KINDS), of="answers"),
                more_is_better=True, digits=1),
    )),
    Group("cache", "Tiered cache", PROCESS, (
        *(Measure(f"Up to tier {number}", "%", 90,
                  share(*(f"hits {tier}" for tier in CACHE_TIERS[:number]), of="asked"),
                  more_is_better=True, digits=1)
          for number in range(1, len(CACHE_TIERS) + 1)),
    )),
    Group("browser", "In the browser, P75", BROWSER, (
        _at_p75("FCP", "First contentful paint", 1000),
        _at_p75("INTERACTIVE", "Interactive", 2000),
        _at_p75("LCP", "Largest contentful paint", 2500),
        _at_p75("INP", "Interaction to next paint", 200),
        _at_p75("CLS", "Layout shift", 0.1, "", 3),
        _at_p75("TTFB", "First byte", 800),
        _at_p75("SEND_TO_PAINT", "Send to first text painted", None),
    ), logarithmic=True),
    Group("satisfaction", "Satisfaction", RATINGS, (
        Measure("Score, of 5", "", 4.5, share("stars", of="scores", percent=1.0),
                more_is_better=True, digits=2),
    )),
    Group("thumbs", "Thumbs", RATINGS, (
        Measure("Thumbs up", "%", None, share("thumbs up", of="thumbs"), more_is_better=True, digits=1),
    )),
)  # fmt: skip
