"""What an operator does with an experiment: start, ramp, weigh anew, stop, ship. Each is one guarded update,
tells every process, and is written into the audit log.

Coverage only grows while it runs: whoever has a variant keeps it. New weights would move people from one
variant to another in mid-comparison, so they begin a phase: everybody is assigned anew, and what is compared
is never mixed.
"""

from django.db import transaction
from django.utils import timezone

from experiments.assignment import shares
from experiments.freshness import changed
from experiments.models import Experiment, Phase
from grump.accounts.models import User
from grump.audit.log import record

State = Experiment.State


class Refused(Exception):
    """It cannot be done now; the message says why, to the operator."""


def start(experiment: Experiment, actor: User | None = None) -> None:
    weights = weights_of(experiment)
    if len(weights) < 2 or sum(part > 0 for part in weights.values()) < 2:
        raise Refused("An experiment needs two variants or more that somebody gets.")
    with transaction.atomic():
        _changed_from(
            experiment,
            experiment.state,
            state=State.RUNNING,
            phase=experiment.phase + 1,
            shipped="",
            stop_reason="",
        )
        _begin_phase(experiment, weights)
        record(actor, "start", experiment, changes={"phase": [None, experiment.phase]})


def ramp(experiment: Experiment, coverage: float, actor: User | None = None) -> None:
    """Raises Refused for less than there is: that would take their variant from people who have it."""
    if not experiment.coverage < coverage <= 1:
        raise Refused("Coverage only grows while an experiment runs; to end it, stop it.")
    before = experiment.coverage
    with transaction.atomic():
        _changed_from(experiment, State.RUNNING, coverage=coverage)
        record(actor, "ramp", experiment, changes={"coverage": [before, coverage]})


def weigh_anew(experiment: Experiment, actor: User | None = None) -> bool:
    """After its variants were edited: begins a phase where the weights are others. Returns whether it did."""
    if experiment.state != State.RUNNING:
        return False
    weights = weights_of(experiment)
    last = Phase.objects.filter(experiment=experiment, number=experiment.phase).first()
    if last is not None and list(last.parts.items()) == list(weights.items()):
        return False
    with transaction.atomic():
        Phase.objects.filter(experiment=experiment, ended_at=None).update(ended_at=timezone.now())
        _changed_from(experiment, State.RUNNING, phase=experiment.phase + 1)
        _begin_phase(experiment, weights)
        record(actor, "phase", experiment, changes={"weights": [last.parts if last else None, weights]})
    return True


def stop(experiment: Experiment, reason: str, *, ship: str = "", actor: User | None = None) -> bool:
    """End it, at once and for everybody: control, or the variant that is shipped. False where it had
    ended."""
    if ship and not experiment.variants.filter(key=ship).exists():
        raise Refused("There is no such variant.")
    with transaction.atomic():
        try:
            _changed_from(
                experiment, State.RUNNING, state=State.STOPPED, shipped=ship, stop_reason=reason[:300]
            )
        except Refused:  # by a guardrail and a person at once: the first one's reason stays
            return False
        Phase.objects.filter(experiment=experiment, ended_at=None).update(ended_at=timezone.now())
        record(
            actor, "ship" if ship else "stop", experiment, changes={"shipped": ["", ship]}, note=reason[:300]
        )
    return True


def weights_of(experiment: Experiment) -> dict[str, float]:
    variants = list(experiment.variants.all())
    parts = shares([variant.weight for variant in variants]) if variants else []
    return {variant.key: part for variant, part in zip(variants, parts, strict=True)}


def _begin_phase(experiment: Experiment, weights: dict[str, float]) -> None:
    Phase.objects.create(
        experiment=experiment, number=experiment.phase, weights=list(weights.items()), began_at=timezone.now()
    )


def _changed_from(experiment: Experiment, was: str, /, **values: object) -> None:
    """Guarded: of two who do it at once, one finds it changed and is refused."""
    found = Experiment.objects.filter(pk=experiment.pk, state=was, phase=experiment.phase)
    if not found.update(**values):
        raise Refused("Somebody else has changed this experiment meanwhile.")
    for name, value in values.items():
        setattr(experiment, name, value)
    transaction.on_commit(changed)
