"""Which variant somebody has: a look-up in memory and a hash or two, a few microseconds.

decision = decide("batch_window", subject)
window = decision.of(45)            # the variant's value, or what the code does without an experiment
...                                 # it acts
exposures.note(decision)            # and only then it counts
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from experiments.assignment import bucket_after, choose, in_group
from experiments.definitions import Choice, Definitions, ExperimentDefinition, current
from experiments.subjects import Subject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decision:
    """`variant` is "" for who has none: nobody of that name runs, or the person is not in it. `counts`: an
    exposure to it is written; not for testers, nor for what is shipped."""

    key: str
    variant: str = ""
    value: Any = None
    counts: bool = False
    experiment_id: int = 0
    phase: int = 0
    unit: str = ""
    owner_id: int = 0

    def of(self, default: T) -> T:
        """The variant's value, of the default's type; the default where it is of another."""
        value: Any = self.value
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        return value if type(value) is type(default) else default


def decide(key: str, subject: Subject | None, definitions: Definitions | None = None) -> Decision:
    """Control, with nothing counted, for an experiment that is not known and for nobody."""
    found = (definitions or current()).experiments.get(key)
    if found is None or subject is None or not found.variants:
        return Decision(key)
    forced = found.forced.get(subject.id)
    if forced is not None:
        return _given(found, found.variants[forced])
    if found.shipped is not None:
        shipped = subject.in_audience(found.audience)
        return _given(found, found.variants[found.shipped]) if shipped else Decision(key)
    if not found.running or not subject.in_audience(found.audience):
        return Decision(key)
    team = found.by_team and subject.team is not None
    unit = f"team-{subject.team}" if team else str(subject.id)
    if found.holdout is not None and bucket_after(found.holdout[0], unit) < found.holdout[1]:
        return Decision(key)
    if found.group is not None and not in_group(found.group[0], unit, *found.group[1:]):
        return Decision(key)
    number = choose(bucket_after(found.seed, unit), found.ranges)
    if number is None:
        return Decision(key)
    chosen = found.variants[number]
    return Decision(key, chosen.key, chosen.value, True, found.id, found.phase, unit, subject.id)


def _given(found: ExperimentDefinition, chosen: Choice) -> Decision:
    return Decision(found.key, chosen.key, chosen.value)


def variants_of(subject: Subject) -> str:
    """Every variant that the person has, "experiment:variant" with spaces between: for what cuts figures by
    variant and cannot know which of them acted. No exposure."""
    known = current()
    chosen = [decide(key, subject, known) for key in sorted(known.experiments)]
    return " ".join(f"{one.key}:{one.variant}" for one in chosen if one.counts)
