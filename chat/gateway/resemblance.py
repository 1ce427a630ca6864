"""How sure one may be that two questions want the same answer; weights and thresholds are trained.

`python -m training.semantic` writes resemblance.json: a logistic regression over `wording.likeness`, and for
each error bound the least score at which, on pairs kept apart for it, the share of wrong matches stays below
the bound with 90 % confidence (Clopper and Pearson, 1934).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chat.gateway.wording import likeness

CALIBRATION = Path(__file__).with_name("resemblance.json")
NEVER = 2.0  # no score reaches it


@dataclass(frozen=True, slots=True)
class Resemblance:
    weights: Sequence[float]
    bias: float
    thresholds: Mapping[float, float]  # error bound → least score

    def score(self, asked: str, before: str, cosine: float) -> float:
        """From 0 to 1; it orders matches, what it promises is in the thresholds."""
        signs = likeness(asked, before, cosine)
        total = self.bias + sum(weight * sign for weight, sign in zip(self.weights, signs, strict=True))
        return 1 / (1 + math.exp(-max(min(total, 60.0), -60.0)))

    def threshold(self, bound: float) -> float:
        """The least score whose error was shown to be within `bound`; `NEVER` where none was."""
        shown = [least for error, least in self.thresholds.items() if error <= bound]
        return min(shown, default=NEVER)


def load(path: Path = CALIBRATION) -> Resemblance:
    trained = json.loads(path.read_text(encoding="utf-8"))
    thresholds = {float(bound): float(least) for bound, least in trained["thresholds"].items()}
    return Resemblance(tuple(trained["weights"]), trained["bias"], thresholds)
