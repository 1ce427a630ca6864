"""Whether it pays to make something before it is asked for. Pure.

A kind that has not won its users more than it costs is stopped by itself; a few are made all the same, so
that it is noticed when people change.
"""

from dataclasses import dataclass

TRIED = 20  # so many before it is judged
WORTH_MICROUSD = 1_000.0  # of a second that somebody does not wait: a tenth of a cent
KEPT_UP = 0.05  # of those that do not pay, so that a change is seen
LIKELY = 0.2  # how probable it has to be that this person asks it
PRIOR_OFFERED, PRIOR_CHOSEN = 8.0, 1.0  # before anything is known of somebody


@dataclass(frozen=True, slots=True)
class Record:
    """What a kind has done lately."""

    made: int = 0
    used: int = 0
    won_ms: int = 0
    cost_microusd: int = 0

    @property
    def hit_rate(self) -> float:
        return self.used / self.made if self.made else 0.0

    @property
    def gain_microusd(self) -> float:
        """What it was worth, less what it cost."""
        return self.won_ms / 1000 * WORTH_MICROUSD - self.cost_microusd

    @property
    def pays(self) -> bool:
        return self.made < TRIED or self.gain_microusd > 0


def is_likely(offered: int, taken: int) -> bool:
    """Does this person ask the first of the offered questions often enough?"""
    return (taken + PRIOR_CHOSEN) / (offered + PRIOR_OFFERED) >= LIKELY


def may_make(record: Record, chance: float) -> bool:
    """`chance`: a number from 0 to 1 that is different each time."""
    return record.pays or chance < KEPT_UP
