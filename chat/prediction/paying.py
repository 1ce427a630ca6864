"""Whether it pays to make something before it is asked for. Pure.

A kind that has not won its users more than it costs is stopped by itself, for everybody or for the one person
for whom it does not; a few are made all the same, so that it is noticed when people change.
"""

from dataclasses import dataclass

TRIED = 20  # so many before a kind is judged
TRIED_BY_ONE = 8  # … for one person
WORTH_MICROUSD = 1_000.0  # of a second that somebody does not wait: a tenth of a cent
# Of a millisecond of a processor. Rented, it costs a tenth of that; but what is made ahead may keep waiting
# what is waited for. A second of it is thus worth a tenth of a second of somebody's waiting.
WORK_MICROUSD = 0.1
KEPT_UP = 0.05  # of those that do not pay, so that a change is seen
LIKELY = 0.2  # how probable it has to be, before a kind's own figures say so
BELIEVED = 8.0  # things made for somebody, from which on their own hits say more than what was expected
SEEN = 5  # uses from which on a kind's own figures say from where it pays


@dataclass(frozen=True, slots=True)
class Record:
    """What a kind has done lately."""

    made: int = 0
    used: int = 0
    won_ms: int = 0
    cost_microusd: int = 0
    work_ms: int = 0

    @property
    def hit_rate(self) -> float:
        return self.used / self.made if self.made else 0.0

    @property
    def spent_microusd(self) -> float:
        """In money and in work."""
        return self.cost_microusd + self.work_ms * WORK_MICROUSD

    @property
    def gain_microusd(self) -> float:
        """What it was worth, less what it took."""
        return self.won_ms / 1000 * WORTH_MICROUSD - self.spent_microusd

    @property
    def pays(self) -> bool:
        return self.made < TRIED or self.gain_microusd > 0

    @property
    def pays_for_one(self) -> bool:
        return self.made < TRIED_BY_ONE or self.gain_microusd > 0

    @property
    def least_chance(self) -> float:
        """How probable a use has to be for the next one to pay."""
        if self.used < SEEN or self.won_ms <= 0:
            return LIKELY
        each = self.spent_microusd / self.made
        return min(1.0, each / (self.won_ms / self.used / 1000 * WORTH_MICROUSD))


def may_make(everybody: Record, own: Record, chance: float, luck: float) -> bool:
    """`chance`: how probable a use is, as far as the person's pattern says; their own record of this kind
    corrects it. `luck`: a number from 0 to 1 that is different each time."""
    least = everybody.least_chance
    if chance < least:
        return False
    expected = (own.used + BELIEVED * chance) / (own.made + BELIEVED)
    return (everybody.pays and own.pays_for_one and expected >= least) or luck < KEPT_UP
