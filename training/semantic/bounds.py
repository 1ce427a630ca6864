"""The least score that keeps the share of wrong matches within a bound, with confidence. Pure."""

import math
from collections.abc import Iterable

from chat.gateway.resemblance import NEVER

CONFIDENCE = 0.9


def least_score(scored: Iterable[tuple[float, bool]], bound: float, confidence: float = CONFIDENCE) -> float:
    """`scored`: each best match's score and whether it is right. Of all scores at which the upper confidence
    limit of the wrong share (Clopper and Pearson 1934) is within `bound`, the least; `NEVER` where there is
    none."""
    least, wrong = NEVER, 0
    ordered = sorted(scored, reverse=True)
    for hits, (score, right) in enumerate(ordered, 1):
        wrong += not right
        more = hits < len(ordered) and ordered[hits][0] == score
        if not more and chance_of_at_most(wrong, hits, bound) <= 1 - confidence:
            least = score
    return least


def chance_of_at_most(wrong: int, hits: int, share: float) -> float:
    """Of `wrong` or fewer in `hits`, were the true share `share` (the binomial's distribution)."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(wrong >= hits)
    total = 0.0
    for count in range(wrong + 1):
        ways = math.lgamma(hits + 1) - math.lgamma(count + 1) - math.lgamma(hits - count + 1)
        total += math.exp(ways + count * math.log(share) + (hits - count) * math.log1p(-share))
    return min(total, 1.0)
