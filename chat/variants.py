"""The experiments that act in a chat: what they are called, what holds without them, and how far they may go.

Whoever acts notes it: `runtime.exposures.note(decision)`. What an operator types into a variant is bounded
here.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from chat.gateway.batch import WINDOW
from chat.gateway.routing import AUTO
from chat.protocol import PREFERENCE
from experiments.deciding import Decision, decide
from experiments.subjects import Subject

BATCH_WINDOW = "batch_window"  # milliseconds
ROUTING_PREFERENCE = "routing_preference"  # 0 to 1
FOLLOW_UPS = "follow_ups"  # true or false
PREDICTION_THRESHOLD = "prediction_threshold"  # 0 to 1


@dataclass(frozen=True, slots=True)
class Tried:
    """What a turn does, and the decisions behind it: which model is asked, how its words go out."""

    at: datetime
    window: float
    preference: float
    routing: Decision
    batching: Decision

    @property
    def names(self) -> str:
        """The variants that the turn is counted for: "experiment:variant", spaces between."""
        both = (self.batching, self.routing)
        return " ".join(f"{one.key}:{one.variant}" for one in both if one.counts)


def for_turn(subject: Subject | None, preference: float, model: str) -> Tried:
    window, batching = batch_window(subject)
    preference, routing = routing_preference(subject, preference, model)
    return Tried(timezone.now(), window, preference, routing, batching)


def batch_window(subject: Subject | None) -> tuple[float, Decision]:
    """Seconds of text that go out together."""
    decision = decide(BATCH_WINDOW, subject)
    milliseconds = decision.of(WINDOW * 1000)
    return min(max(milliseconds, 5.0), 500.0) / 1000, decision


def routing_preference(subject: Subject | None, asked: float, model: str) -> tuple[float, Decision]:
    """For "auto", from 0, cheaper, to 1, better. Who has chosen one keeps it: there nothing acts."""
    if model != AUTO or asked != PREFERENCE:
        return asked, Decision(ROUTING_PREFERENCE)
    decision = decide(ROUTING_PREFERENCE, subject)
    return min(max(decision.of(PREFERENCE), 0.0), 1.0), decision


def follow_ups(subject: Subject | None) -> tuple[bool, Decision]:
    """Whether questions to go on with are offered under an answer."""
    decision = decide(FOLLOW_UPS, subject)
    return decision.of(True), decision


def prediction_threshold(subject: Subject | None, usual: float) -> tuple[float, Decision]:
    """How certain a completion has to be before it is shown."""
    decision = decide(PREDICTION_THRESHOLD, subject)
    return min(max(decision.of(usual), 0.0), 1.0), decision
