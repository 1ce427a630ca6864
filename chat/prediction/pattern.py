"""What a person usually does next: the question after this one, the conversation at this hour. Pure.

Counted from their own questions alone: what followed what, how often, how long ago, at which time of the day.
Nothing is claimed of who has not done it before.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from uuid import UUID

OFFERED, TAKEN = 8.0, (1.0, 0.5, 0.5)  # of follow-ups, before anything is known of somebody
SHORTEST, LONGEST = 2, 300  # characters of a question that is asked again as it stands
TWICE = 2  # times that a question was asked before it is expected again
SOMETHING_NEW = 1.0  # questions after this one that nobody has asked before, taken to have been
SOMETHING_ELSE = 4.0  # the same of questions at any place
HALF_LIFE = timedelta(days=7)
PAUSE = timedelta(minutes=30)  # a longer one ends a visit
AN_HOUR = 1.5  # hours apart that two times of a day are hardly alike any more
ANY_HOUR = 0.1  # what a visit at another time of the day counts for
AFTER = 2.0  # how much more one counts that came after the same conversation
NEW_VISITS = 2.0  # visits to something new that are taken to have been


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the person. `at` is in their own time zone."""

    conversation: UUID
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Likely:
    text: str
    chance: float


def of_follow_ups(questions: Sequence[str], offered: int, taken: Mapping[int, int]) -> list[Likely]:
    """`questions` are offered now; `offered` times some were before, and `taken` says how often which one (by
    its place) was asked then."""
    return [
        Likely(text, (taken.get(place, 0) + TAKEN[min(place, len(TAKEN) - 1)]) / (offered + OFFERED))
        for place, text in enumerate(questions)
    ]


def next_questions(asked: Sequence[Asked], previous: str, now: datetime) -> list[Likely]:
    """What this person asks after `previous`, likeliest first; `asked` oldest first."""
    times: dict[str, int] = defaultdict(int)
    after: dict[str, float] = defaultdict(float)
    anywhere: dict[str, float] = defaultdict(float)
    words: dict[str, str] = {}
    last: dict[UUID, str] = {}
    wanted = key_of(previous)
    for one in asked:
        key = key_of(one.text)
        before = last.get(one.conversation)
        last[one.conversation] = key
        if before is None:
            continue
        weight = _recent(one.at, now) * _alike(one.at, now)
        anywhere[key] += weight
        if before == wanted:
            after[key] += weight
        if SHORTEST <= len(one.text.strip()) <= LONGEST:
            times[key] += 1
            words[key] = one.text.strip()
    here, all_of_them = sum(after.values()), sum(anywhere.values())
    unknown = SOMETHING_NEW / (here + SOMETHING_NEW)
    found = [
        Likely(
            words[key],
            after[key] / (here + SOMETHING_NEW) + unknown * anywhere[key] / (all_of_them + SOMETHING_ELSE),
        )
        for key, count in times.items()
        if count >= TWICE
    ]
    return best(found)


def next_conversations(
    asked: Sequence[Asked], now: datetime, current: UUID | None = None
) -> list[tuple[UUID, float]]:
    """Which conversation is opened next, by when and after which one this was done before; the likeliest
    first. What is missing to 1 is the chance of something else."""
    weights: dict[UUID, float] = defaultdict(float)
    known: set[UUID] = set()
    before: Asked | None = None
    new = NEW_VISITS
    left = current if current is not None else (asked[-1].conversation if asked else None)
    came_from: UUID | None = None
    for one in asked:
        if before is None or one.conversation != before.conversation or one.at - before.at > PAUSE:
            came_from = before.conversation if before is not None else None
            weight = _recent(one.at, now) * _alike(one.at, now)
            weight *= AFTER if came_from is not None and came_from == left else 1.0
            if one.conversation in known:
                weights[one.conversation] += weight
            else:
                new += weight
        known.add(one.conversation)
        before = one
    if asked:  # what was left last is gone on with, whatever the hour
        weights[asked[-1].conversation] += 0.5 * _recent(asked[-1].at, now)
    weights.pop(current, None)  # type: ignore[arg-type]
    whole = sum(weights.values()) + new
    return sorted(((id, weight / whole) for id, weight in weights.items()), key=lambda pair: -pair[1])


def best(found: Iterable[Likely]) -> list[Likely]:
    """Each text once, with its best chance; the likeliest first."""
    chances: dict[str, Likely] = {}
    for one in found:
        key = key_of(one.text)
        if key not in chances or chances[key].chance < one.chance:
            chances[key] = one
    return sorted(chances.values(), key=lambda one: -one.chance)


def key_of(text: str) -> str:
    """Equal for what is the same question to a reader."""
    return " ".join(text.casefold().split()).rstrip("?!. ")


def _recent(at: datetime, now: datetime) -> float:
    age = max((now - at) / HALF_LIFE, 0.0)
    return float(0.5**age)


def _alike(at: datetime, now: datetime) -> float:
    """How alike two times of a day are, ANY_HOUR to 1."""
    apart = abs((at.hour + at.minute / 60) - (now.hour + now.minute / 60))
    apart = min(apart, 24 - apart)
    return ANY_HOUR + (1 - ANY_HOUR) * exp(-((apart / AN_HOUR) ** 2))
